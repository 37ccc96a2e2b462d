// Keeps a page up to date: fetches it again every few seconds and takes over what has changed in its marked parts. Nodes
// stay where they are, so that focus, scrolling, selected text and opened details stay as well. Forms outside the marked
// parts are never touched.
(() => {
  "use strict";

  const key = (node) => node.nodeType === 1 ? node.id || node.getAttribute("data-key") : null;
  const isSame = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);

  const isSelected = (node) => {
    const selection = getSelection();
    return !!selection && !selection.isCollapsed && selection.containsNode(node, true);
  };

  // Makes the children of one node those of another.
  const takeOver = (from, to) => {
    const keyed = new Map();
    for (const child of from.childNodes) if (key(child)) keyed.set(key(child), child);
    let at = from.firstChild;
    for (const wanted of [...to.childNodes]) {
      const moved = key(wanted) ? keyed.get(key(wanted)) : null;
      if (moved && isSame(moved, wanted)) {
        if (moved === at) at = at.nextSibling;
        else from.insertBefore(moved, at);
        patch(moved, wanted);
      } else if (at && !key(at) && isSame(at, wanted)) {
        const here = at;
        at = at.nextSibling;
        patch(here, wanted);
      } else {
        from.insertBefore(wanted, at);
      }
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  };

  // Makes a node like another of its kind.
  const patch = (from, to) => {
    if (from.isEqualNode(to)) return;
    if (from.nodeType !== 1) {
      if (!isSelected(from)) from.nodeValue = to.nodeValue;
      return;
    }
    // What is open and what is typed are the reader's own.
    const kept = (name) => name === "open" && from.nodeName === "DETAILS";
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !kept(name)) from.removeAttribute(name);
    for (const { name, value } of [...to.attributes]) {
      if (from.getAttribute(name) !== value && !kept(name)) from.setAttribute(name, value);
    }
    if (from.matches("input, textarea, select") || from.contains(document.activeElement) && from.matches("form")) return;
    takeOver(from, to);
  };

  const states = (root) => new Map([...root.querySelectorAll("[data-state]")]
    .map((node) => [node.getAttribute("data-key") || node.dataset.said, [node.dataset.said, node.dataset.state]]));

  // Says which states are others now: a few by name, many by their number.
  const say = (before, after) => {
    const changes = [...after].filter(([name, [, state]]) => before.has(name) && before.get(name)[1] !== state);
    if (changes.length === 0) return;
    const text = changes.length > 3 ? `${changes.length} statuses have changed`
      : changes.map(([, [name, state]]) => `${name}: ${state}`).join(". ");
    document.getElementById("said").textContent = text;
  };

  const live = () => {
    const every = Number(document.getElementById("main")?.dataset.liveEvery) * 1000;
    const sign = document.getElementById("live");
    if (!every || !sign) return;
    const address = new URL(location.href);
    let since = new Date();
    let waiting = 0;
    let isLost = false;

    const show = () => {
      const seconds = Math.round((Date.now() - since) / 1000);
      sign.classList.toggle("lost", isLost);
      const text = isLost ? `Not updated since ${since.toLocaleTimeString()} (${seconds} s ago)` : "Live";
      const place = sign.querySelector("[data-live-text]");
      if (place.textContent !== text) place.textContent = text;
    };

    const lose = () => {
      if (!isLost) document.getElementById("said").textContent = "The connection to the program is lost.";
      isLost = true;
      show();
    };

    const look = async () => {
      const answer = await fetch(address, {
        headers: { "X-Fragment": "main" },
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(Math.max(4 * every, 10000)),
      });
      // What is not there any more, or is not to be seen any more, is shown as such.
      if (answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status)) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const main = document.getElementById("main");
      const wanted = page.getElementById("main");
      if (!wanted) throw new Error("no page");
      const names = (root) => [...root.querySelectorAll("[data-live]")].map((part) => part.id);
      if (names(main).join() !== names(wanted).join()) return location.reload();
      const before = states(main);
      for (const name of names(wanted)) patch(document.getElementById(name), page.getElementById(name));
      if (isLost) document.getElementById("said").textContent = "The connection to the program is back.";
      say(before, states(main));
      since = new Date();
      isLost = false;
      show();
    };

    const next = () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        if (document.hidden) return;
        await look().catch(lose);
        next();
      }, every);
    };

    document.addEventListener("visibilitychange", () => {
      clearTimeout(waiting);
      if (!document.hidden) look().catch(lose).finally(next);
    });
    setInterval(() => isLost && show(), 1000);
    sign.hidden = false;
    show();
    next();
  };

  // Says in a form what came instead of an answer.
  const complain = (form, text) => {
    let notice = form.querySelector(":scope > .notice");
    if (!notice) {
      notice = document.createElement("div");
      form.prepend(notice);
    }
    notice.className = "notice bad";
    notice.setAttribute("role", "alert");
    const line = document.createElement("p");
    line.textContent = text;
    notice.replaceChildren(line);
    notice.scrollIntoView({ block: "nearest" });
  };

  // Sends a form with a secret in the background, so that the secret stays in its field where the answer is the same form.
  const keepSecret = (event) => {
    const form = event.target;
    if (!form.matches("form[data-keep-secret]")) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const secret = form.querySelector("input[type=password]").value;
    const buttons = form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    form.setAttribute("aria-busy", "true");
    const rest = () => {
      for (const button of buttons) button.disabled = false;
      form.removeAttribute("aria-busy");
    };
    const send = async () => {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body, headers: { "X-Fragment": "main" } });
      if (answer.redirected) return location.assign(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const wanted = form.id && page.getElementById(form.id);
      const main = page.getElementById("main");
      if (!wanted && main) return document.getElementById("main").replaceWith(main);
      if (!wanted) {
        // It was not a page of this program that answered: a limit, or a proxy in between.
        const said = page.body.textContent.trim().replace(/\s+/g, " ").slice(0, 300);
        rest();
        return complain(form, `Answered with ${answer.status}${said ? `: ${said}` : ""}`);
      }
      wanted.querySelector("input[type=password]").value = secret;
      form.replaceWith(wanted);
      (wanted.querySelector("[autofocus], [aria-invalid]") || wanted.querySelector(".actions button[value=save]") || wanted).focus();
      wanted.querySelector(".notice")?.scrollIntoView({ block: "nearest" });
    };
    // It may have arrived and been done: it is not sent again but by a person.
    send().catch(() => {
      rest();
      complain(form, "No answer came, and it is not known whether this was done. See Collection Status before you send it again.");
    });
  };

  document.addEventListener("submit", keepSecret);

  // A choice in the search takes effect at once.
  document.addEventListener("change", (event) => {
    if (event.target.matches("form.search select")) event.target.form.requestSubmit();
  });

  // What was said once is not said again when the page is loaded again.
  const here = new URL(location.href);
  if (here.searchParams.has("notice")) {
    here.searchParams.delete("notice");
    history.replaceState(null, "", here);
  }

  live();
})();
