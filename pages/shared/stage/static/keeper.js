// The keeper: an element without a face in every page's frame. It keeps the visit's shelf and slides in this browser, gives
// them back to a session that has none, and tells when the connection is lost and when it is back.

import { element } from "./dom.js";
import { unframed } from "./framing.js";
import * as kept from "./kept.js";
import { leaveSafely } from "./leaving.js";

const APP = ".stApp", STATE = "data-test-connection-state", SCRIPT = "data-test-script-state";
const WINDOW = ".stDialog", PAGES_OWN = "[data-testid=stVerticalBlock]"; // a window of a page holds its elements
const DAYS = 3; // of the cookie, as of the records
const SAME = "same", OTHER = "other", FAILED = "failed"; // what its file is called: this page had a session before, or not (kept.py)
const READ = 10_000, LOOK = 100, SETTLED = 4, LONGEST = 30_000; // ms a line stands, between two looks; looks; ms
const XSRF = /(?:^|;\s*)_streamlit_xsrf=([^;]*)/;

/** The component's entry. All of them on a page are one keeper. */
export default function keeper({ data, setTriggerValue }) {
  const { header, files } = unframed(data);
  one.receive(header, files, setTriggerValue);
}

class Keeper {
  constructor() {
    this.turn = Promise.resolve(); // one thing after another
    this.forgotten = 0;
    this.met = false; // this page had a session that told what it has
  }

  receive(header, files, trigger) {
    if (header.ask) return void (this.turn = this.turn.then(() => this.give(header.ask)));
    this.header = header;
    this.trigger = trigger;
    this.met = true;
    this.watch();
    this.turn = this.turn.then(() => this.keep(header, files)).catch((error) => this.refused(error));
  }

  // --- the browser's copy

  async keep({ mark, pieces, forget, base, cookie }, files) {
    if (forget && forget !== this.forgotten) {
      await kept.clearAll();
      this.hint(false);
    }
    this.forgotten = forget;
    if (mark === undefined) return leaveSafely(false); // what lies here must stay as it is
    if (mark === this.mark) return leaveSafely(true);
    if (mark === "") {
      if (this.mark || this.hinted()) this.hint(await kept.clear());
    } else if (pieces ? !(await kept.write(mark, pieces, files)) : (await kept.mark()) !== mark) {
      this.mark = null;
      leaveSafely(false);
      return this.refuses || this.trigger("want", Date.now());
    } else {
      this.hint(true);
    }
    this.mark = mark;
    leaveSafely(true);
  }

  /** A private window, say: what can be had for this visit is the visit itself. */
  refused(error) {
    console.warn("atlas keeper:", error);
    this.refuses = true; // so that nothing large is sent again and again
    leaveSafely(false);
  }

  hinted = () => document.cookie.split("; ").includes(`${this.header.cookie}=1`);

  /** The cookie by which a new session knows that there may be something. */
  hint(something) {
    const { cookie, base } = this.header;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${cookie}=1; Path=${base}; SameSite=Lax; Max-Age=${something ? DAYS * 86_400 : 0}${secure}`;
  }

  /** The file to the session that asks for it; an empty one where there is none. */
  async give(address) {
    const pieces = await kept.read().catch((error) => void this.refused(error));
    const form = new FormData();
    form.append("file", new File(pieces ?? [], !pieces ? FAILED : this.met ? SAME : OTHER));
    const token = decodeURIComponent(XSRF.exec(document.cookie)?.[1] ?? "");
    const headers = { "X-Xsrftoken": token };
    await fetch(address, { method: "PUT", body: form, headers }).catch((error) => console.warn("atlas keeper:", error));
  }

  // --- the connection

  watch() {
    const app = document.querySelector(APP);
    if (!app || app === this.watched) return;
    this.watched = app;
    new MutationObserver(() => this.connection(app)).observe(app, { attributeFilter: [STATE] });
    this.connection(app); // it may have been lost while this module was on its way
  }

  connection(app) {
    const connected = app.getAttribute(STATE) === "CONNECTED";
    if (!connected && !this.lost) {
      this.lost = { counts: this.header.counts, quiet: withoutWindow() };
      this.say(this.header.words.lost);
    } else if (connected && this.lost) {
      const { counts, quiet } = this.lost;
      quiet.disconnect();
      this.lost = null;
      this.back(app, counts);
    }
  }

  /** The frame runs: the session may be a new one. When it has, the line says whether all is there. */
  async back(app, counts) {
    const at = Date.now(), { session } = this.header;
    this.trigger("back", at);
    const end = performance.now() + LONGEST;
    for (let quiet = 0; quiet < SETTLED;) {
      await new Promise((go) => setTimeout(go, LOOK));
      if (this.lost) return;
      if (performance.now() > end) return this.say("");
      quiet = (this.header.back === at || this.header.session !== session) && app.getAttribute(SCRIPT) !== "running" ? quiet + 1 : 0;
    }
    const { words, counts: now } = this.header;
    const all = counts.every((count, k) => now[k] >= count);
    this.say(all ? words.back : words.less, READ);
  }

  /** A line at the head of the window, for so many ms; without them until the next one. */
  say(text, ms = 0) {
    clearTimeout(this.ending);
    this.line ??= document.body.appendChild(element("p", { class: "atlas-connection", role: "status" }));
    this.line.textContent = text;
    if (ms) this.ending = setTimeout(() => (this.line.textContent = ""), ms);
  }
}

/**
 * After some seconds Streamlit opens a window that says, in English, that the server does not answer. Nobody could go on
 * under it, and the figures play without a server: it is closed as it comes, as a reader would close it, until `disconnect()`.
 */
function withoutWindow() {
  const close = () => {
    for (const one of document.querySelectorAll(WINDOW)) {
      if (!one.querySelector(PAGES_OWN)) one.querySelector("[role=dialog] > button")?.click();
    }
  };
  const observer = new MutationObserver(close);
  observer.observe(document.body, { childList: true });
  close();
  return observer;
}

const one = new Keeper();
