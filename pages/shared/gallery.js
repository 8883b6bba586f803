// The map of the gallery in its reader's language: the one after the #, else the browser's, else the first.
const versions = [...document.querySelectorAll(".atlas-map")];

function choose() {
  const asked = new URLSearchParams(location.hash.slice(1)).get("lang");
  const wanted = [asked, ...navigator.languages.map((one) => one.split("-")[0])];
  const language = wanted.find((code) => versions.some((one) => one.lang === code)) ?? versions[0].lang;
  for (const version of versions) version.hidden = version.lang !== language;
  for (const link of document.querySelectorAll("li a")) link.setAttribute("href", `${link.getAttribute("href").split("#")[0]}#lang=${language}`);
  document.documentElement.lang = language;
}

addEventListener("hashchange", choose);
choose();
