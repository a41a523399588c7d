(function () {
  "use strict";
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  function openAround(node) {
    for (; node; node = node.parentElement) { if (node.tagName === "DETAILS") { node.open = true; } }
  }
  var reading = location.hash.match(/^#(manager|engineer|auditor)$/);
  if (reading) { document.getElementById("read-" + reading[1]).checked = true; }
  function follow() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) { openAround(target); target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", follow);
  follow();
  all("pre.command").forEach(function (block) {
    if (!navigator.clipboard) { return; }
    var button = document.createElement("button");
    button.type = "button"; button.className = "copy"; button.textContent = "Copy";
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(block.querySelector("code").textContent).then(function () {
        button.textContent = "Copied";
        setTimeout(function () { button.textContent = "Copy"; }, 1500);
      });
    });
    block.appendChild(button);
  });
  all("table[data-filter]").forEach(function (table) {
    var rows = all("tbody tr", table);
    if (rows.length < 12) { return; }
    var box = document.createElement("input");
    box.type = "search"; box.className = "filter";
    box.placeholder = table.getAttribute("data-filter"); box.setAttribute("aria-label", box.placeholder);
    box.addEventListener("input", function () {
      var wanted = box.value.toLowerCase();
      rows.forEach(function (row) { row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0; });
    });
    var place = table.closest(".scroll") || table;
    place.parentNode.insertBefore(box, place);
  });
  // On a phone rows of wide tables become blocks, and each cell says which column it is of (see report.css).
  all(".scroll > table:not(.confusion):not(.on-a-page)").forEach(function (table) {
    var heads = all("thead th", table).map(function (th) { return th.textContent.trim(); });
    var rows = all("tbody tr", table);
    if (heads.length < 3 || rows.some(function (row) { return row.children.length !== heads.length; })) { return; }
    rows.forEach(function (row) {
      all("td", row).forEach(function (cell) { cell.setAttribute("data-head", heads[cell.cellIndex]); });
    });
    if (!table.classList.contains("plots")) { table.classList.add("stacked"); }
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = all("details:not([open])");
    opened.forEach(function (d) { d.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (d) { d.open = false; });
  });
}());
