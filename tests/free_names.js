// The names that a script uses and nowhere declares, as a JSON list: `node --expose-internals free_names.js FILE`.
//
// Node brings a parser with it, acorn; this walks its tree with the scopes of the language.

"use strict";

const acorn = require("internal/deps/acorn/acorn/dist/acorn");
const { readFileSync } = require("node:fs");

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);
const CLASSES = new Set(["ClassDeclaration", "ClassExpression"]);
const LOOPS = new Set(["ForStatement", "ForInStatement", "ForOfStatement"]);
const free = new Set();

const isNode = (value) => typeof value?.type === "string";
const children = (node) => Object.values(node).flat().filter(isNode);

class Scope {
  constructor(up) {
    this.up = up;
    this.names = new Set();
  }

  knows(name) {
    return this.names.has(name) || Boolean(this.up?.knows(name));
  }
}

/** The names that a pattern declares. */
function declared(pattern) {
  switch (pattern?.type) {
    case "Identifier": return [pattern.name];
    case "ObjectPattern": return pattern.properties.flatMap((one) => declared(one.type === "Property" ? one.value : one));
    case "ArrayPattern": return pattern.elements.flatMap(declared);
    case "AssignmentPattern": return declared(pattern.left);
    case "RestElement": return declared(pattern.argument);
    default: return [];
  }
}

const add = (scope, names) => names.forEach((name) => scope.names.add(name));

/** `var` and functions, wherever they stand in a function. */
function hoist(node, scope) {
  if (node.type === "VariableDeclaration" && node.kind === "var") add(scope, node.declarations.flatMap(({ id }) => declared(id)));
  if (node.type === "FunctionDeclaration") add(scope, [node.id.name]);
  if (!FUNCTIONS.has(node.type) && node.type !== "ClassBody") children(node).forEach((child) => hoist(child, scope));
}

/** What belongs to a block alone. */
function block(statements, scope) {
  for (const { type, kind, id, declarations } of statements) {
    if (type === "VariableDeclaration" && kind !== "var") add(scope, declarations.flatMap((one) => declared(one.id)));
    if (type === "ClassDeclaration") add(scope, [id.name]);
  }
}

/** What a pattern uses: defaults and computed keys; and, of an assignment, the names themselves. */
function used(pattern, scope, names) {
  switch (pattern?.type) {
    case "Identifier": return names && walk(pattern, scope);
    case "ObjectPattern": return pattern.properties.forEach((one) => {
      if (one.computed) walk(one.key, scope);
      used(one.type === "Property" ? one.value : one, scope, names);
    });
    case "ArrayPattern": return pattern.elements.forEach((one) => used(one, scope, names));
    case "AssignmentPattern": return void (used(pattern.left, scope, names), walk(pattern.right, scope));
    case "RestElement": return used(pattern.argument, scope, names);
    default: return pattern && walk(pattern, scope);
  }
}

function body(statements, scope) {
  block(statements, scope);
  statements.forEach((statement) => walk(statement, scope));
}

function callable(node, up) {
  const scope = new Scope(up);
  if (node.type !== "ArrowFunctionExpression") add(scope, ["arguments"]);
  if (node.type === "FunctionExpression" && node.id) add(scope, [node.id.name]);
  add(scope, node.params.flatMap(declared));
  node.params.forEach((one) => used(one, scope, false));
  if (node.body.type !== "BlockStatement") return walk(node.body, scope);
  hoist(node.body, scope);
  body(node.body.body, scope);
}

function walk(node, scope) {
  const { type } = node;
  if (FUNCTIONS.has(type)) return callable(node, scope);
  const inner = new Scope(scope);
  if (CLASSES.has(type)) {
    if (node.id) add(inner, [node.id.name]);
    if (node.superClass) walk(node.superClass, inner);
    return node.body.body.forEach((one) => walk(one, inner));
  }
  if (LOOPS.has(type)) {
    block([node.init ?? node.left].filter(isNode), inner);
    return children(node).forEach((child) => walk(child, inner));
  }
  switch (type) {
    case "Identifier": return void (scope.knows(node.name) || free.add(node.name));
    case "MemberExpression":
      walk(node.object, scope);
      return node.computed && walk(node.property, scope);
    case "Property": case "PropertyDefinition": case "MethodDefinition":
      if (node.computed) walk(node.key, scope);
      return node.value && walk(node.value, scope);
    case "LabeledStatement": return walk(node.body, scope);
    case "BreakStatement": case "ContinueStatement": case "MetaProperty": return;
    case "BlockStatement": return body(node.body, inner);
    case "StaticBlock":
      node.body.forEach((one) => hoist(one, inner));
      return body(node.body, inner);
    case "CatchClause":
      add(inner, declared(node.param));
      return body(node.body.body, inner);
    case "SwitchStatement":
      walk(node.discriminant, scope);
      block(node.cases.flatMap((one) => one.consequent), inner);
      return node.cases.forEach((one) => children(one).forEach((child) => walk(child, inner)));
    case "VariableDeclarator":
      used(node.id, scope, false);
      return node.init && walk(node.init, scope);
    case "AssignmentExpression":
      used(node.left, scope, true);
      return walk(node.right, scope);
    default: return children(node).forEach((child) => walk(child, scope));
  }
}

const program = acorn.parse(readFileSync(process.argv[2], "utf8"), { ecmaVersion: "latest", sourceType: "script" });
const top = new Scope(null);
program.body.forEach((statement) => hoist(statement, top));
body(program.body, top);
console.log(JSON.stringify([...free].sort()));
