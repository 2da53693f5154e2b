import type { Plugin } from 'esbuild'

export function typeScriptParserOnly(root: string, wholeCompilerFor: string): Plugin
export function wantedNames(source: string): string[]
export function parserOf(compiler: string, wanted: readonly string[]): Promise<string>
