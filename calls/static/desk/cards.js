/* Where such a table is wider than its place, and on a phone, a row of it is a card: each value behind its column's name
   (desk.css). */
"use strict";

const phone = matchMedia("(max-width: 40rem)");

for (const table of document.querySelectorAll("table.carded")) {
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  for (const row of [...table.tBodies[0].rows, ...(table.tFoot?.rows ?? [])]) {
    [...row.cells].forEach((cell, number) => (cell.dataset.label = names[number]));
  }
  const place = table.parentElement;
  const fit = () => {
    table.classList.remove("cards");
    table.classList.toggle("cards", phone.matches || place.scrollWidth > place.clientWidth);
  };
  fit();
  table.classList.add("fitted");
  addEventListener("resize", fit);
}
