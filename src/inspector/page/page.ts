import { h, render } from "preact";
import { App } from "./app.js";
import "./page.css";

const root = document.getElementById("root");
if (root) render(h(App, null), root);
