/* On a phone a row of such a table is a card: each value behind its column's name (desk.css). */
"use strict";

for (const table of document.querySelectorAll("table.carded")) {
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  for (const row of table.tBodies[0].rows) {
    [...row.cells].forEach((cell, number) => (cell.dataset.label = names[number]));
  }
  table.classList.add("cards");
}
