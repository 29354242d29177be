// Keyboard, live refresh, links into Airflow from its frame, dropping of files. Everything works without it, too.
(function () {
  "use strict";
  const typing = (element) => element && (/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) || element.isContentEditable);

  let chosen = null; // address of the chosen row: rows are replaced by the live refresh
  const rows = () => Array.from(document.querySelectorAll("tr[data-href]"));
  function choose(row) {
    rows().forEach((other) => other.classList.toggle("chosen", other === row));
    chosen = row ? row.dataset.href : null;
    if (row) row.scrollIntoView({ block: "nearest" });
  }
  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.dataset.href === chosen);
    choose(all[Math.max(0, Math.min(all.length - 1, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by))]);
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(document.activeElement)) return document.activeElement.blur();
    if (typing(event.target)) return;
    if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "Enter" && chosen && document.activeElement === document.body) window.location.assign(chosen);
  });

  // Airflow shows these pages in a frame that may not move its window; a link of the window itself may.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-airflow]");
    if (!link || window.parent === window) return;
    try {
      const outer = window.parent.document.createElement("a");
      outer.href = link.href;
      window.parent.document.body.append(outer);
      outer.click();
      outer.remove();
      event.preventDefault();
    } catch (error) { /* another site's frame: the link opens here */ }
  });

  const live = document.getElementById("live");
  window.setInterval(() => {
    if (live && !live.checked) return;
    document.querySelectorAll("[data-refresh]").forEach((part) => {
      if (document.visibilityState === "visible" && window.htmx) window.htmx.trigger(part, "refresh");
    });
  }, 10000);
  document.addEventListener("htmx:afterSwap", () => {
    if (chosen) choose(rows().find((row) => row.dataset.href === chosen) || null);
  });

  document.querySelectorAll(".drop").forEach((area) => {
    const input = area.querySelector("input[type=file]");
    const say = area.querySelector("[data-chosen]");
    const told = () => { say.textContent = input.files.length ? input.files[0].name : ""; };
    input.addEventListener("change", told);
    area.addEventListener("dragover", (event) => { event.preventDefault(); area.classList.add("over"); });
    area.addEventListener("dragleave", () => area.classList.remove("over"));
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      area.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      const one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      input.files = one.files;
      told();
      area.closest("form").requestSubmit();
    });
  });
})();
