// SPDX-License-Identifier: MIT
// Pictures as files: SVG and PNG with their title and key, in the colours of the page, and their numbers as CSV.
"use strict";

const SVG = document.querySelector("body > svg").namespaceURI;
const drawnSvg = (name, attributes, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const TITLE = 26, LINE = 18, LETTER = 7; // heights, and the width of a letter, in pixels
function pictureOf(figure) { // the chart below its title and key, on the colour of the page
  const chart = figure.querySelector(".canvas svg").cloneNode(true), box = figure.querySelector(".canvas svg").getBoundingClientRect();
  const entries = all(".key > :not([aria-pressed=false], .save)", figure).map((entry) =>
    [entry.textContent, entry.querySelector("i")?.style.borderTopColor || "var(--edge)"]);
  const caption = said(figure.querySelector("figcaption")), keys = drawnSvg("g", { "font-size": 12, fill: "var(--ink)" });
  let [x, y] = [8, TITLE + 12];
  for (const [text, color] of entries) {
    const width = 24 + LETTER * text.length;
    if (x > 8 && x + width > box.width) [x, y] = [8, y + LINE];
    keys.append(drawnSvg("rect", { x, y: y - 9, width: 12, height: 9, style: `fill:${color}` }),
      drawnSvg("text", { x: x + 17, y }, text));
    x += width;
  }
  const top = y + 8, size = { width: Math.ceil(box.width), height: Math.ceil(top + box.height) };
  for (const [name, value] of Object.entries({ x: 0, y: top, width: box.width, height: box.height })) chart.setAttribute(name, value);
  const whole = drawnSvg("svg", { ...size, viewBox: `0 0 ${size.width} ${size.height}`, "font-family": "system-ui, sans-serif" },
    document.querySelector("body > svg defs").cloneNode(true), drawnSvg("rect", { ...size, style: "fill:var(--page)" }),
    drawnSvg("text", { x: 8, y: 17, "font-size": 13, "font-weight": 600, fill: "var(--ink)" }, caption), keys, chart);
  const style = getComputedStyle(document.documentElement);
  const text = new XMLSerializer().serializeToString(whole).replace(/var\((--\w+)\)/g, (_, name) => style.getPropertyValue(name).trim());
  return { text, ...size };
}
async function pngOf(figure) {
  const { text, width, height } = pictureOf(figure), image = new Image(), scale = 2; // sharp in a document
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  image.src = url;
  await image.decode();
  URL.revokeObjectURL(url);
  const canvas = Object.assign(document.createElement("canvas"), { width: width * scale, height: height * scale });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// Numbers: rows of what a chart draws, without what only says how.
const DRAWN = new Set(["color", "line", "dash", "shape", "says", "cells", "edge", "place", "open", "from", "to", "text"]);
function tableOf(rows, names) { // a heading and rows; a field has the name of its axis
  const fields = [...new Set(rows.flatMap(Object.keys))].filter((name) => !DRAWN.has(name));
  return [fields.map((name) => names[name] ?? name), ...rows.map((row) => fields.map((name) => row[name] ?? ""))];
}
const valuesIn = (spec) => Array.isArray(spec) ? spec.flatMap(valuesIn) : spec === null || typeof spec !== "object" ? []
  : [...(spec.data?.values ?? []), ...Object.entries(spec).flatMap(([name, part]) => name === "data" ? [] : valuesIn(part))];
function csvOf(table) { // no text is a formula to a spreadsheet
  const cell = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return table.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
function savable(figure, table) { // buttons beside the caption; `table` gives heading and rows
  const name = () => said(figure.querySelector("figcaption")).split(/[;,]/)[0].replace(/[^\w.]+/g, "_").slice(0, 60);
  const kinds = {
    SVG: () => new Blob([pictureOf(figure).text], { type: "image/svg+xml" }),
    PNG: () => pngOf(figure),
    CSV: () => new Blob([csvOf(table())], { type: "text/csv" }),
  };
  const buttons = Object.entries(kinds).map(([kind, made]) => {
    const onclick = async () => save(await made(), `${name()}.${kind.toLowerCase()}`);
    return make("button", { type: "button", title: `save as ${kind}`, onclick }, kind);
  });
  figure.querySelector("figcaption").after(make("div", { class: "save", role: "group", "aria-label": "Save" }, ...buttons));
}
