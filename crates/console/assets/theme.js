// Light or dark as it was chosen, before anything is drawn. Without a choice the system's is followed.
(() => {
  "use strict";
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const show = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  show(read());

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    const order = ["system", "light", "dark"];
    const name = () => root.dataset.theme || "system";
    const tell = () => {
      button.querySelector("[data-theme-text]").textContent = `Theme: ${name()}`;
      button.title = `Theme: ${name()}`;
    };
    button.addEventListener("click", () => {
      const next = order[(order.indexOf(name()) + 1) % order.length];
      show(next);
      try {
        if (next === "system") localStorage.removeItem("theme");
        else localStorage.setItem("theme", next);
      } catch { /* It then lasts as long as the page. */ }
      tell();
    });
    tell();
    button.hidden = false;
  });
})();
