import { describe } from "node:test";
import { guidePages } from "./guide-pages.js";
import { testProgramsOf } from "./page-programs.js";

describe("the guide, task by task", () => testProgramsOf(guidePages("tasks")));
