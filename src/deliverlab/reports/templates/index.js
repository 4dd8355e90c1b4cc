// Narrows the table to the rows that hold every word typed, and sorts it by the column that is pressed.
const table = document.querySelector("table.index");
if (table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const search = document.getElementById("search");
  const found = document.getElementById("found");
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row) => { row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word)); });
    found.textContent = words.length ? rows.filter((row) => !row.hidden).length + " found" : "";
  });
  const order = new Intl.Collator("en", { numeric: true });
  table.querySelectorAll("thead button").forEach((button, column) => {
    button.addEventListener("click", () => {
      const heading = button.parentElement;
      const turn = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", turn === 1 ? "ascending" : "descending");
      rows.sort((one, other) => turn * order.compare(one.cells[column].textContent, other.cells[column].textContent));
      body.append(...rows);
    });
  });
}
