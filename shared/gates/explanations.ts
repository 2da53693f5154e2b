import type { GateName } from '#shared/protocol/gate-report'

/** What `kode explain <gate>` says about a gate. */
export interface GateExplanation {
  title: string
  /** One sentence. */
  what: string
  /** When it runs, for what does not run with every change. */
  when?: string
  causes: readonly string[]
  fixes: readonly string[]
}

export const GATE_EXPLANATIONS: Readonly<Record<GateName, GateExplanation>> = {
  diff_applier: {
    title: 'The change fits the files',
    what: 'The patch, hunks or new texts can be applied to the files exactly as they are now, inside the project.',
    causes: [
      'the quoted context or anchor differs from the file, or occurs in several places',
      'the file changed after it was read',
      'the patch is in a format or an encoding that does not match the file',
      'a new file or a rename would land on a file that exists, or outside the project',
    ],
    fixes: [
      'read the file again and make the patch from what it says now',
      'quote a longer anchor, or say which occurrence is meant',
      'avoid editing the same file from two places at once',
      'send a smaller patch, or the whole file',
    ],
  },
  syntax: {
    title: 'The result parses',
    what: 'Every changed file still parses in its language; what did not parse before does not block.',
    causes: [
      'the output was cut off, or a closing bracket, quote or tag is missing',
      'wrong indentation',
      'code of another language, or a Markdown fence around the code',
      'a placeholder such as "... existing code ..." or a conflict marker was left in the file',
    ],
    fixes: [
      'look at the reported line and the one before it',
      'ask again and name the language',
      'split the change into smaller hunks',
      'send the code itself instead of a placeholder',
    ],
  },
  imports: {
    title: 'What it imports exists',
    what: 'Every import that the change adds leads to a file, an installed or declared package, or the standard library, and every imported name is there.',
    causes: [
      'the package or module was invented, or its name is misspelt',
      'the dependency is missing from the manifest (package.json, go.mod, pyproject.toml, Cargo.toml)',
      'the path is relative to the wrong folder, or its file comes in a later change',
      'the name is not exported, is a default export, or belongs to another version',
      'an internal package is out of reach',
    ],
    fixes: [
      'use the name the finding suggests',
      'use a dependency the project already has',
      'add the dependency to the manifest in the same change',
      'create the imported file in the same change, or before',
      'a warning "not installed" goes away once dependencies are installed',
    ],
  },
  calls: {
    title: 'What it calls exists',
    what: 'Functions, methods and components that the change calls are declared somewhere, and take that many arguments.',
    causes: [
      'the function or method was invented, or its name is misspelt',
      'an import is missing',
      'too few or too many arguments',
      'the method belongs to another type, or is not exported',
    ],
    fixes: [
      'check the declaration that the finding shows',
      'import the function, or declare it in the same change',
      'give the signature as context and generate again',
      'if a host provides the name, declare it in a declaration file or the linter’s list of globals',
    ],
  },
  blast_radius: {
    title: 'How much depends on it',
    what: 'The number of files that depend on what the change alters stays within max_blast_radius, and the files it touches within max_files_touched.',
    causes: [
      'the signature of something widely used changed',
      'an exported name was removed or renamed while others import it',
      'one change touches more files than allowed',
    ],
    fixes: [
      'keep the exported interface and add beside it: new names and optional parameters count nothing',
      'change the users in the same change: they no longer count',
      'split the change',
      'raise max_blast_radius or max_files_touched in .kode/kode.json deliberately',
    ],
  },
  architecture: {
    title: 'It keeps to the project’s own module rules',
    what: 'Imports that the change adds cross no border that architecture.rules in .kode/kode.json forbids, and close no new circle.',
    causes: [
      'a layer imports one it must not know',
      'something internal is used from outside',
      'two modules now import each other',
    ],
    fixes: [
      'respect the layers: hand in what is needed from where the rules allow it',
      'move the code to where it may live, or introduce an interface',
      'move what both modules need into a third one',
      'change the rule deliberately, in a change of its own',
    ],
  },
  security: {
    title: 'It adds no secret and no known danger',
    what: 'The change adds no credential, injection, unsafe deserialisation, disabled TLS check or other known dangerous construct.',
    causes: [
      'a key, token or password is written into the code',
      'a shell command, query or path is built from outside data',
      'eval, unsafe deserialisation, weak cryptography or switched-off certificate checks',
      'a workflow, Dockerfile or lockfile brings in something unexpected',
      'a loop without a condition that nothing in it can leave (a warning)',
    ],
    fixes: [
      'read secrets from the environment or a secret store, and revoke one that was written down',
      'pass arguments as a list, use query parameters, check paths against their folder',
      'use the safe variant that the finding names',
      'a deliberate exception carries a suppression comment with its reason',
    ],
  },
  static_analysis: {
    title: 'The project’s own checker agrees',
    what: 'The language’s compiler or checker finds no error that was not there before the change.',
    when: 'with `--deep`, with verify.deep in .kode/kode.json, and in `kode loop`',
    causes: [
      'types do not fit',
      'a name does not exist that only the compiler can resolve',
      'an interface is not implemented in full',
    ],
    fixes: [
      'read the compiler’s message at the reported line',
      'change the users of what changed in the same change',
      'a skip means the checker is missing or took too long: install it, or raise its time limit',
    ],
  },
  tdd: {
    title: 'Tests come first',
    what: 'With tdd_mode, production code changes only together with a test that fails without the change and passes with it.',
    when: 'in `kode loop`, with --tdd or engine.tdd_mode in .kode/kode.json',
    causes: [
      'production code changed without a test',
      'the new test passes before the change: it tests nothing new',
      'the test still fails after the change',
    ],
    fixes: [
      'write or change a test first',
      'make the test fail for the reason the change is made',
      'change tdd_mode in .kode/kode.json for work that needs no test',
    ],
  },
  sandbox: {
    title: 'The touched tests run',
    what: 'Tests that cover the change pass in the sandbox, without network and within limits, before anything is written.',
    when: 'with verify.run_tests in .kode/kode.json; `kode loop` runs the whole suite by itself',
    causes: [
      'a test fails',
      'a test needs the network or writes outside the project',
      'a loop never ends, or memory runs out',
    ],
    fixes: ['read the test output', 'replace network access by a local double', 'give loops a bound'],
  },
  browser: {
    title: 'The page works in a browser',
    what: 'The project’s page, served from a copy with the change in the sandbox, opens without errors, and the given steps succeed.',
    when: 'with `--browser` or `--browser-steps` of `kode run`, `loop` and `verify`, and with engine.browser_verification in .kode/kode.json',
    causes: [
      'the page throws, or a script or style of its own is not delivered',
      'a selector or text is not found, or something lies over what is to be clicked',
      'the development server does not come up with the change',
    ],
    fixes: [
      'look at .kode/artifacts: walkthrough.md and screenshot.png',
      'correct the steps: --browser-steps, or engine.browser_steps in .kode/kode.json',
      'a skip says what is missing: a browser (see `kode doctor`), the sandbox, or engine.dev_server_command',
    ],
  },
}
