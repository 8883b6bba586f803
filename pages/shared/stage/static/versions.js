// A file that holds the same in several languages, in light and in dark: which of them its reader sees.

const asked = () => new URLSearchParams(location.hash.slice(1));
const dark = () => matchMedia("(prefers-color-scheme: dark)");

/** Of `versions`, each {language, theme, ...}: the language that the address says (#lang=zh), else the browser's. */
export function fitting(versions) {
  const wanted = [asked().get("lang"), ...navigator.languages.map((one) => one.split("-")[0])];
  const language = wanted.find((code) => versions.some((one) => one.language === code)) ?? versions[0].language;
  const theme = dark().matches ? "dark" : "light";
  const own = versions.filter((one) => one.language === language);
  return own.find((one) => one.theme === theme) ?? own[0];
}

/** Another choice begins the page anew. */
export function watchChoice() {
  addEventListener("hashchange", () => location.reload());
  dark().addEventListener("change", () => location.reload());
}
