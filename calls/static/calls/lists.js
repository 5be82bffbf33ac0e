// On a narrow screen a row of a list is a card: each cell says its column's name. Loaded where the list ends, so that no
// row is drawn before.
{
  const table = document.getElementById("result_list");
  if (table !== null) {
    const labels = [...table.tHead.rows[0].cells].map((cell) => cell.querySelector(".text")?.textContent.trim() ?? "");
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, number) => {
        cell.dataset.label = labels[number];
        const value = document.createElement("div");
        value.className = "card-value";
        value.append(...cell.childNodes);
        cell.append(value);
        // The column's name with nothing behind it tells nothing.
        cell.classList.toggle("empty", /^[-—]$/u.test(value.textContent.trim()) && value.querySelector("a") === null);
      });
    }
    table.classList.add("cards");
  }
}
