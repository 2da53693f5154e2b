import { escaped } from '#shared/base/escaped'
import type { SourceFile } from '../language'
import type { ProjectView } from '../project-view'
import { ancestorsOf, folderOf, joinPath } from './ancestors'
import { typeScriptResolverOf } from './typescript-resolver'

const PROVIDED: ReadonlySet<string> = new Set(
  (
    'require module exports __dirname __filename arguments eval super import describe context suite specify it test xit fit xtest xdescribe fdescribe ' +
    'before after beforeEach afterEach beforeAll afterAll setup teardown suiteSetup suiteTeardown expect expectTypeOf expectType assertType assert jest vi vitest ' +
    'jasmine spyOn spyOnProperty spyOnAllFunctions fail pending runs waitsFor cy Cypress sinon chai should mocha run test_ QUnit Deno Bun $ jQuery _ angular ' +
    'inject define requirejs importScripts skipWaiting registerProcessor registerPaint WebSocketPair HTMLRewriter GM_xmlhttpRequest chrome browser artifacts contract web3 __webpack_require__ ' +
    'defineProps defineEmits defineExpose defineModel defineOptions defineSlots withDefaults definePageMeta defineNuxtConfig ' +
    '$state $derived $effect $props $bindable $inspect $host $ref $computed $shallowRef $customRef $toRef $$ i18n gettext print load quit'
  ).split(' '),
)
/** Tools that give files names they do not import. */
const NAME_PROVIDERS = [
  'nuxt',
  'nuxt3',
  '@nuxt/kit',
  'unplugin-auto-import',
  'unplugin-vue-components',
  'wxt',
  'umi',
  '@umijs/max',
  'meteor',
  'sails',
]

/** Whether test runners, module wrappers or frameworks put a name into every file. */
export function isProvidedEverywhere(name: string): boolean {
  return PROVIDED.has(name)
}

/** Whether something outside a file may provide a name: declaration files, linters' lists of globals, auto-imports. */
export async function isProvidedHere(name: string, source: SourceFile, project: ProjectView): Promise<boolean> {
  const word = new RegExp(`(?<![\\w$])${escaped(name)}(?![\\w$])`)
  const globalsComment = source.text.match(/\/[*/]\s*(?:globals?|exported|eslint-env)\b[\s\S]*?(?:\*\/|\n)/g) ?? []
  if (globalsComment.some(comment => word.test(comment))) return true
  const resolver = typeScriptResolverOf(project)
  const folder = folderOf(source.path)
  const manifests = await resolver.packages.manifestsAbove(folder)
  if (manifests.some(manifest => NAME_PROVIDERS.some(provider => manifest.dependencies.has(provider)))) return true
  if ((await resolver.declarationTexts()).some(text => word.test(text))) return true
  for (const ancestor of ancestorsOf(folder, project.root)) {
    for (const config of await project.list(ancestor)) {
      const mayList =
        /^(?:\.?eslint|\.?oxlint|biome|\.?jshint|\.?jslint|\.?xo|vite|webpack|rollup|tsconfig|jsconfig|package\.json|global)/i.test(
          config,
        )
      if (mayList && word.test((await project.read(joinPath(ancestor, config))) ?? '')) return true
    }
    const types = joinPath(ancestor, 'node_modules/@types')
    for (const pack of await project.list(types)) {
      const text = await project.read(joinPath(types, `${pack}/index.d.ts`))
      if (text !== undefined && word.test(text)) return true
    }
  }
  return false
}
