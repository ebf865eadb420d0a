// SPDX-License-Identifier: MIT
// A page that carries points begins: its charts, its table of all points, its answers, its filters.
"use strict";

async function start() {
  data = await unpack();
  for (const view of data.views.slice(1)) all(`div[data-view="${view.name}"]`).forEach((mount) => live(view, mount));
  all("table.live").forEach(everyPoint);
  await pictures();
  answering();
  const kinds = data.strategies.flatMap((each) => [each.name, each.strategy]);
  filtered(axesOfPoints(), data.mixes, [...new Set(kinds)]);
  performance.mark("ready");
}
start().catch((error) => {
  byId("found").textContent = `No charts to choose from here (${error.message}); the tables say the same.`;
});
