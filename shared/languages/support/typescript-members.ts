import type ts from 'typescript'
import type { ProjectView } from '../project-view'
import { moduleExportsOf } from './typescript-exports'
import { moduleShapeOf } from './typescript-modules'
import type { TypeScript } from './typescript-parser'
import { typeScriptResolverOf } from './typescript-resolver'
import { type Binding, lookUp, type Scope, scopesOf } from './typescript-scopes'

/** A declaration and the file it is in. */
export interface Declared {
  path: string
  tree: ts.SourceFile
  nodes: readonly ts.Node[]
}

/** The names a class, interface or object has; undefined when there may be more than can be seen. */
export type Members = ReadonlySet<string> | undefined

const OBJECT_MEMBERS = [
  'constructor',
  'toString',
  'toLocaleString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
]
const FUNCTION_MEMBERS = ['apply', 'call', 'bind', 'name', 'length', 'prototype', 'caller', 'arguments']

/** Follows names to their declarations and declarations to their members, over files, as far as that is certain. */
export class DeclarationFinder {
  readonly #ts: TypeScript
  readonly #project: ProjectView

  constructor(compiler: TypeScript, project: ProjectView) {
    this.#ts = compiler
    this.#project = project
  }

  /** What a binding stands for: itself, or what it was imported as. */
  async declarationOf(binding: Binding, path: string, tree: ts.SourceFile): Promise<Declared | undefined> {
    const imported = this.#importOf(binding, tree)
    if (!imported) return { path, tree, nodes: binding.nodes }
    if (imported.name === '*' || imported.name === 'export=') return undefined
    const target = await typeScriptResolverOf(this.#project).resolve(imported.specifier, path)
    if (target.kind !== 'file') return undefined
    const found = await moduleExportsOf(this.#project).find(target.path, imported.name)
    return found.kind === 'declared' ? found : undefined
  }

  /** Specifier and name a binding was imported by. */
  #importOf(binding: Binding, tree: ts.SourceFile): { specifier: string; name: string } | undefined {
    const compiler = this.#ts
    const isImport = binding.nodes.some(
      node => compiler.isImportSpecifier(node) || compiler.isImportClause(node) || compiler.isNamespaceImport(node),
    )
    if (!isImport) return undefined
    for (const { specifier, names } of moduleShapeOf(compiler, tree).imports) {
      const name = names.find(each => each.local === binding.name)
      if (name) return { specifier, name: name.name }
    }
    return undefined
  }

  /** The module a binding is all of: `import * as ns`, `import fs from 'fs'`, `const fs = require('fs')`. */
  moduleOf(binding: Binding, tree: ts.SourceFile): { specifier: string; isNamespace: boolean } | undefined {
    const compiler = this.#ts
    const imported = this.#importOf(binding, tree)
    if (imported) {
      if (imported.name === '*') return { specifier: imported.specifier, isNamespace: true }
      return imported.name === 'default' ? { specifier: imported.specifier, isNamespace: false } : undefined
    }
    const [node] = binding.nodes
    if (binding.nodes.length !== 1 || binding.isReassigned || !node || !compiler.isVariableDeclaration(node))
      return undefined
    const value = node.initializer
    if (!value || !compiler.isIdentifier(node.name) || !compiler.isCallExpression(value)) return undefined
    const [argument] = value.arguments
    const isRequire = compiler.isIdentifier(value.expression) && value.expression.text === 'require'
    if (!isRequire || !argument || !compiler.isStringLiteralLike(argument)) return undefined
    return { specifier: argument.text, isNamespace: false }
  }

  /** Members of what a declaration declares: a class (static ones too), an interface, an object type, an object literal. */
  async membersOf(declared: Declared, depth = 0): Promise<Members> {
    const compiler = this.#ts
    if (depth > 20) return undefined
    const names = new Set([...OBJECT_MEMBERS, ...FUNCTION_MEMBERS])
    for (const node of declared.nodes) {
      if (compiler.isClassLike(node) || compiler.isInterfaceDeclaration(node)) {
        if (!this.#addOwn(node.members, names)) return undefined
        if (compiler.isClassLike(node) && !this.#addAssigned(node, declared.tree, names)) return undefined
        for (const clause of node.heritageClauses ?? []) {
          if (clause.token !== compiler.SyntaxKind.ExtendsKeyword) continue
          for (const parent of clause.types) {
            const inherited = await this.#membersOfParent(parent.expression, declared, depth)
            if (!inherited) return undefined
            for (const name of inherited) names.add(name)
          }
        }
      } else if (compiler.isTypeAliasDeclaration(node) && compiler.isTypeLiteralNode(node.type)) {
        if (!this.#addOwn(node.type.members, names)) return undefined
      } else if (
        compiler.isVariableDeclaration(node) &&
        !node.type &&
        node.initializer &&
        compiler.isObjectLiteralExpression(node.initializer)
      ) {
        for (const property of node.initializer.properties) {
          if (!property.name || !this.#addName(property.name, names)) return undefined
        }
      } else return undefined
    }
    return names
  }

  async #membersOfParent(parent: ts.Expression, declared: Declared, depth: number): Promise<Members> {
    if (!this.#ts.isIdentifier(parent)) return undefined
    const binding = lookUp(scopesOf(this.#ts, declared.tree).root, parent.text)
    if (!binding || binding.isReassigned) return undefined
    const found = await this.declarationOf(binding, declared.path, declared.tree)
    return found && this.membersOf(found, depth + 1)
  }

  /** @returns false when an index signature or a computed name makes them countless */
  #addOwn(members: readonly (ts.ClassElement | ts.TypeElement)[], names: Set<string>): boolean {
    const compiler = this.#ts
    for (const member of members) {
      if (compiler.isConstructorDeclaration(member)) {
        for (const parameter of member.parameters) {
          if (compiler.isIdentifier(parameter.name)) names.add(parameter.name.text)
        }
      } else if (compiler.isIndexSignatureDeclaration(member)) return false
      else if (member.name && !this.#addName(member.name, names)) return false
    }
    return true
  }

  #addName(name: ts.PropertyName, names: Set<string>): boolean {
    if (this.#ts.isComputedPropertyName(name)) {
      // `[Symbol.iterator]` adds nothing that could be called by name.
      return this.#ts.isPropertyAccessExpression(name.expression) || this.#ts.isStringLiteralLike(name.expression)
    }
    names.add(name.text)
    return true
  }

  /** What a class gets besides its members: assignments to `this`, decorators, its prototype. */
  #addAssigned(node: ts.ClassLikeDeclaration, tree: ts.SourceFile, names: Set<string>): boolean {
    const isDecorated = node.modifiers?.some(each => each.kind === this.#ts.SyntaxKind.Decorator)
    if (isDecorated) return false
    const text = tree.text.slice(node.pos, node.end)
    if (/(?:assign|definePropert(?:y|ies)|mixin\w*|extend)\(\s*this\b|\bthis\s*\[/.test(text)) return false
    for (const match of text.matchAll(/\bthis\.([\w$]+)\s*=(?!=)/g)) names.add(match[1]!)
    const name = node.name?.text
    if (name === undefined) return true
    if (new RegExp(`(?:assign|definePropert(?:y|ies)|mixin\\w*|inherits|extend)\\(\\s*${name}\\b`, 'i').test(tree.text))
      return false
    for (const match of tree.text.matchAll(new RegExp(`\\b${name}\\.(?:prototype\\.)?([\\w$]+)\\s*=(?!=)`, 'g')))
      names.add(match[1]!)
    return !new RegExp(`\\b${name}\\.prototype\\s*\\[`).test(tree.text)
  }

  /** The declaration a written type names; `builtin` for what the platform has. */
  async typeNamed(
    type: ts.TypeNode,
    scope: Scope,
    path: string,
    tree: ts.SourceFile,
  ): Promise<Declared | { builtin: string } | undefined> {
    const compiler = this.#ts
    const { SyntaxKind } = compiler
    if (type.kind === SyntaxKind.StringKeyword) return { builtin: 'String' }
    if (type.kind === SyntaxKind.NumberKeyword) return { builtin: 'Number' }
    if (compiler.isArrayTypeNode(type)) return { builtin: 'Array' }
    if (!compiler.isTypeReferenceNode(type) || !compiler.isIdentifier(type.typeName)) return undefined
    const binding = lookUp(scope, type.typeName.text)
    if (!binding) return { builtin: type.typeName.text }
    return this.declarationOf(binding, path, tree)
  }
}
