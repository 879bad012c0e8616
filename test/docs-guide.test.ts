import { describe } from "node:test";
import { guidePages } from "./guide-pages.js";
import { testProgramsOf } from "./page-programs.js";

describe("the guide, thing by thing", () => testProgramsOf(guidePages("things")));
