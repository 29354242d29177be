// Light or dark as Airflow's own pages: they keep the choice under "theme"; "system" and nothing follow the machine.
(function () {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try {
      const theme = window.localStorage.getItem("theme");
      if (theme === "dark" || theme === "light") return theme;
    } catch (error) { /* storage is closed to this frame */ }
    return dark.matches ? "dark" : "light";
  }
  function apply() {
    document.documentElement.dataset.theme = chosen();
    document.dispatchEvent(new CustomEvent("oms:theme"));
  }
  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
})();
