import { argOf, type Call, type Command, type CommandTable } from './command'

const looks: Command = { class: 'read_only', operands: 'text' }
const works: Command = { class: 'local_mutation', why: 'builds or runs the project', operands: 'text' }
const installs: Command = {
  class: 'local_mutation',
  why: 'installs packages',
  operands: 'text',
  judge: call => call.reaches('the package registry'),
}
const publishes: Command = {
  class: 'destructive',
  why: 'changes the package registry',
  operands: 'text',
  looksWith: '--dry-run',
}
const runsRest: Command = { class: 'local_mutation', operands: 'program', stopsAtOperand: true }

/** Rust, Go, JVM, .NET, Ruby, PHP and other languages: compilers, package managers, runners. */
export const languages: CommandTable = {
  cargo: {
    class: 'local_mutation',
    why: 'builds or runs the project',
    values: {
      folder: '--manifest-path --target-dir -C',
      text: '-p --package --features -F --bin --example --test --color --target --profile -j --jobs -Z',
      line: '--config-command',
    },
    judge: judgeCargoConfig,
    sub: {
      'tree metadata search info locate-project pkgid read-manifest verify-project version help report about config': {
        ...looks,
        judge: judgeCargoConfig,
      },
      'build b check c test t bench run r doc d clippy fix fmt nextest miri expand watch llvm-cov tarpaulin hack machete udeps audit deny outdated insta rustc rustdoc xtask make generate flamegraph bloat geiger lambda component wasi zigbuild ndk cross leptos dylint criterion mutants careful':
        {
          ...works,
          values: {
            text: '-p --package --features --bin --example --test --profile --target -j',
            folder: '--manifest-path --target-dir',
          },
          judge: judgeCargoConfig,
        },
      'add remove rm update install uninstall fetch vendor generate-lockfile new init': {
        ...installs,
        values: { folder: '--path --root --git', text: '--version --features --branch --tag --rev' },
      },
      'publish yank owner login logout release': publishes,
      package: works,
      clean: { class: 'local_mutation', why: 'deletes build results', operands: 'text' },
    },
  },
  rustup: {
    class: 'local_mutation',
    sub: {
      'show which check doc help': looks,
      'update default toolchain target component override install': installs,
      run: {
        class: 'local_mutation',
        operands: 'text',
        stopsAtOperand: true,
        judge: call => call.runs(call.operands.slice(1)),
      },
      self: { class: 'local_mutation', sub: { uninstall: { class: 'destructive', why: 'removes the toolchain' } } },
    },
  },
  'rustc gcc g++ cc c++ clang clang++ cl ld ar as ranlib strip objcopy nasm yasm swiftc javac scalac ghc ocamlc ocamlopt fpc dmd ldc2 nim zig v odin tcc emcc em++ nvcc gfortran wasm-opt wasm-pack wasm-bindgen rustfmt gofmt goimports gofumpt clang-format clang-tidy cppcheck shfmt stylua ktlint google-java-format mlir-opt llc opt sccache ccache distcc moc uic rcc flex bison lex yacc re2c gperf swig bindgen cbindgen':
    {
      class: 'local_mutation',
      why: 'compiles or formats',
      operands: 'read',
      values: {
        write: '-o --out-dir --output',
        folder: '-I -L -isystem --sysroot',
        text: '-D -U -W -f -l -x -std --edition --crate-type --target -arch -framework',
      },
    },
  go: {
    class: 'local_mutation',
    why: 'builds or runs the project',
    singleDash: true,
    values: { folder: '-C' },
    sub: {
      'version env list doc vet help bug': { ...looks, judge: judgeGoRead },
      'build test run generate fmt fix tool work': {
        class: 'local_mutation',
        why: 'builds or runs the project',
        singleDash: true,
        operands: 'text',
        values: {
          write: '-o -coverprofile -cpuprofile -memprofile',
          text: '-run -bench -tags -ldflags -count -timeout -p',
          line: '-exec -toolexec',
        },
      },
      'get install': { ...installs, singleDash: true },
      mod: {
        class: 'local_mutation',
        operands: 'text',
        sub: { 'graph why verify': looks, 'tidy download vendor init edit': installs },
      },
      clean: { class: 'local_mutation', why: 'deletes build results', operands: 'text' },
      telemetry: looks,
    },
  },
  'golangci-lint staticcheck govulncheck gosec revive dlv air ginkgo gotestsum mockgen wire sqlc templ task just mage':
    { class: 'local_mutation', why: 'runs a tool of the project', operands: 'text' },
  goreleaser: {
    class: 'local_mutation',
    sub: {
      release: { class: 'destructive', why: 'publishes a release', looksWith: '--snapshot --skip-publish' },
      'build check': works,
    },
  },
  'bundle bundler': {
    class: 'local_mutation',
    bare: 'local_mutation',
    sub: {
      'list show info outdated check platform version': looks,
      'install update add remove lock package cache clean binstubs init': installs,
      exec: runsRest,
    },
  },
  gem: {
    class: 'local_mutation',
    sub: {
      'list search info which environment contents dependency outdated help': looks,
      'install update uninstall build fetch cleanup unpack': installs,
      'push yank owner signin signout': publishes,
    },
  },
  'rake rails rspec rubocop cucumber puma sidekiq irb pry jekyll minitest brakeman standardrb sorbet srb solargraph erb':
    { class: 'local_mutation', why: 'runs code of the project', operands: 'text', judge: judgeRake },
  'ruby jruby truffleruby': interpreter('-e --eval', '-I -C --encoding -F -r'),
  'perl raku': interpreter('-e -E -M -m', '-I'),
  'php hhvm': interpreter('-r -B -R -E', '-d -c -t -S -z'),
  'lua luajit': interpreter('-e -l', ''),
  'gnuplot kotlin kotlinc': interpreter('-e -expression', ''),
  crystal: {
    class: 'local_mutation',
    why: 'compiles or formats',
    sub: { eval: { class: 'destructive', why: 'runs the code it is given' } },
  },
  'Rscript R julia octave matlab': interpreter('-e --eval -E -L', ''),
  'elixir iex erl': interpreter('-e --eval -eval --rpc-eval', '-r -S -pa'),
  'ghci runghc scala groovy clojure clj bb sbcl racket guile tclsh wish swipl ocaml': interpreter(
    '-e --eval --main-opts -g -c',
    '',
  ),
  composer: {
    class: 'local_mutation',
    sub: {
      'show info outdated why depends validate licenses search audit status check-platform-reqs': looks,
      'install update require remove dump-autoload create-project run-script exec init reinstall global': installs,
    },
  },
  'phpunit pest phpstan psalm php-cs-fixer phpcs phpcbf artisan symfony drush wp sail': {
    class: 'local_mutation',
    why: 'runs code of the project',
    operands: 'text',
    judge: judgeRake,
  },
  'mvn mvnw mvnd': { class: 'local_mutation', why: 'builds the project', operands: 'text', judge: judgeJvm },
  'gradle gradlew': { class: 'local_mutation', why: 'builds the project', operands: 'text', judge: judgeJvm },
  'sbt mill lein ant ivy bazel bazelisk buck buck2 pants': {
    class: 'local_mutation',
    why: 'builds the project',
    operands: 'text',
    judge: judgeJvm,
  },
  java: {
    class: 'local_mutation',
    why: 'runs a program',
    singleDash: true,
    operands: 'text',
    values: { folder: '-cp -classpath' },
  },
  'jar jarsigner javap javadoc jshell jps jstack jmap': {
    class: 'local_mutation',
    why: 'works on classes',
    operands: 'text',
  },
  'dotnet msbuild nuget paket': {
    class: 'local_mutation',
    operands: 'text',
    sub: {
      'list --info --list-sdks --version': looks,
      'build test run restore add remove new format clean pack tool watch sln ef workload vstest msbuild install exec':
        { ...works, judge: judgeRake },
      publish: works,
      nuget: { class: 'local_mutation', sub: { 'push delete': publishes, locals: works } },
      'push delete': publishes,
    },
  },
  'swift xcodebuild xcrun fastlane pod flutter dart mix rebar3 stack cabal opam dune nimble shards alr conan vcpkg meson ninja cmake-gui scons waf premake5 xmake b2 autoconf automake aclocal autoreconf autoheader libtoolize configure pkg-config ctest cpack lit lcov gcov gcovr adb emulator pio arduino-cli platformio idf.py west':
    { class: 'local_mutation', why: 'builds or runs the project', operands: 'text', judge: judgePublishWord },
  cmake: {
    class: 'local_mutation',
    why: 'builds the project',
    operands: 'read',
    values: {
      folder: '-S -B --build --install --prefix --test-dir',
      text: '-D -G -T -A --target --config -j --parallel --preset',
      read: '-P -C',
    },
    judge: judgeCmake,
  },
  'make gmake bmake pmake mingw32-make': {
    class: 'local_mutation',
    why: 'runs the commands of a makefile',
    operands: 'text',
    values: { folder: '-C --directory -I', read: '-f --file --makefile', text: '-j -l -o -W --jobs' },
    raises: { destructive: '--eval -E' },
    judge: judgeMake,
  },
}

function interpreter(inline: string, values: string): Command {
  return {
    class: 'local_mutation',
    why: 'runs a script',
    values: { text: values },
    raises: { destructive: inline },
    operands: 'text',
    stopsAtOperand: true,
    judge: call => judgeScript(call, inline),
  }
}

/** Bundles such as `-pie` hold `-e` too; code on standard input is as unknown as code on the line. */
function judgeScript(call: Call, inline: string): void {
  const [script] = call.operands
  const hasCode = call.has(inline)
  if (!script || script.text === '-') {
    if (!hasCode && (call.stdin.kind === 'pipe' || call.stdin.kind === 'text'))
      call.unknown('it runs the code it is given')
  } else {
    call.reads(script)
    if (script.text === 'artisan') call.runs(call.operands)
  }
}

function judgeCargoConfig(call: Call): void {
  for (const { name, value } of call.options) {
    if (name === '--config' && value && /runner|rustc|linker|wrapper|alias/.test(value.text))
      call.unknown('it sets a program to run')
  }
}

function judgeGoRead(call: Call): void {
  if (call.name === 'go env' && call.args.some(arg => /^-(w|u)$/.test(arg.text))) {
    call.raise('local_mutation', 'changes go settings')
    call.writes(argOf('~/.config/go/env'))
  }
  if (call.args.some(arg => /^-(vettool|toolexec|exec)/.test(arg.text)))
    call.raise('local_mutation', 'runs another program')
}

function judgeRake(call: Call): void {
  const text = call.args.map(arg => arg.text).join(' ')
  if (
    /\bdb:(drop|reset|purge|wipe|fresh|schema:load|migrate:reset|rollback|truncate\w*)|migrate:(fresh|reset|refresh|rollback)|database drop|\bdb reset\b|\bdb drop\b/.test(
      text,
    )
  ) {
    call.raise('destructive', 'drops data')
  } else if (/\brelease\b|\bdeploy\b/.test(text)) call.raise('remote_action', 'publishes something')
  if (call.name === 'rails' && /^(runner|r)$/.test(call.operands[0]?.text ?? ''))
    call.raise('destructive', 'runs code given on the line')
  if (call.name === 'artisan' && /tinker/.test(text)) call.raise('destructive', 'runs code given on the line')
}

function judgeJvm(call: Call): void {
  const goals = call.operands.map(arg => arg.text)
  if (
    goals.some(
      goal =>
        /^(deploy|release:perform|publish\w*|uploadArchives|.*:publish\w*|.*:deploy|clojars|release)$/.test(goal) &&
        !/Local/.test(goal),
    )
  ) {
    call.raise('destructive', 'publishes a package')
  }
}

function judgePublishWord(call: Call): void {
  const text = call.operands.map(arg => arg.text).join(' ')
  if (/^(pub publish|hex\.publish|trunk push|upload|deliver|publish|sdist-upload|uninstall)/.test(text))
    call.raise('destructive', 'publishes or removes a package')
}

function judgeCmake(call: Call): void {
  const at = call.args.findIndex(arg => arg.text === '-E')
  if (at < 0) return
  const [verb, ...rest] = call.args.slice(at + 1)
  if (!verb) return
  if (/^(rm|remove|remove_directory)$/.test(verb.text)) call.raise('destructive', 'deletes files')
  else if (verb.text === 'env' || verb.text === 'time') call.runs([{ ...verb }, ...rest])
  for (const arg of rest) call.reads(arg)
}

function judgeMake(call: Call): void {
  if (call.has('-n --just-print --dry-run --recon -q --question') && !call.has('--eval -E')) {
    // Recipes marked with + and $(shell …) run even then.
    call.settle('local_mutation', 'reads a makefile, which may run commands')
  }
  const file = call.value('-f --file --makefile')
  if (file && /^(-|\/dev\/(stdin|fd\/.*))$/.test(file.text)) call.unknown('it runs the makefile it is given')
  for (const { text } of call.operands) {
    const [name, ...value] = text.split('=')
    if (value.length > 0 && /^(SHELL|MAKEFLAGS|CC|CXX|LD|AR|\.SHELLFLAGS)\??[:+]?$/.test(name ?? ''))
      call.runsLine(argOf(value.join('=')), 'make')
    else if (value.length > 0 && /\$[({]shell\b/.test(text)) call.unknown('it runs a command given on the line')
    else if (/^(publish|release|deploy|push|ship|upload)([-_:].*)?$/.test(text))
      call.raise('remote_action', `by its name, "${text}" publishes something`)
    else if (/^(destroy|nuke|wipe|teardown|purge|drop-db|db-drop|reset-db|db-reset)([-_:].*)?$/.test(text))
      call.raise('destructive', `by its name, "${text}" destroys something`)
    else if (
      /^(install|uninstall)$/.test(text) &&
      !call.operands.some(each => /^(DESTDIR|PREFIX|prefix)=/.test(each.text))
    )
      call.writes(argOf('/usr/local'))
  }
}
