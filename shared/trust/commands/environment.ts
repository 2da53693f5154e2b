import { type Arg, type Call, UNKNOWN } from './command'

/** Their value is a command line that a program runs. */
const RUN_BY_PROGRAMS =
  /^(.*_)?(PAGER|EDITOR|BROWSER|ASKPASS)$|^(VISUAL|GIT_SSH_COMMAND|GIT_SSH|GIT_EXTERNAL_DIFF|GIT_PROXY_COMMAND|GIT_SEQUENCE_EDITOR|LESSOPEN|LESSCLOSE|RSYNC_RSH|CVS_RSH|SVN_SSH|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|CC|CXX|LD|AR|FZF_DEFAULT_COMMAND|PROMPT_COMMAND|HGEDITOR|SHELL|MAKESHELL|npm_config_(script_shell|shell|editor|git|node_gyp)|NPM_CONFIG_SCRIPT_SHELL)$/

/** They load code into, or rewire, whatever runs next. */
const REWIRES =
  /^(LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|LD_CONFIG|DYLD_.+|BASH_ENV|ENV|PS4|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|PYTHONSTARTUP|PYTHONHOME|PERL5OPT|PERL5LIB|PERL5DB|PERLLIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|GIT_CONFIG(_.*)?|GIT_EXEC_PATH|GIT_TEMPLATE_DIR|GCONV_PATH|NODE_REPL_EXTERNAL_MODULE|RIPGREP_CONFIG_PATH|TAR_OPTIONS|GREP_OPTIONS|MAKEFLAGS|GNUMAKEFLAGS|LUA_INIT.*|CARGO_BUILD_RUSTC.*|CARGO_TARGET_.*_(RUNNER|LINKER)|INPUTRC|ZDOTDIR|TERMINFO|MALLOC_CONF)$/

/** Judges setting a variable, for the shell or for one command. */
export function judgeVariable(call: Call, name: string, value: Arg, isForOneCommand: boolean): void {
  const text = value.text
  if (name === 'IFS' || name === 'PATH' || text === '') return
  if (RUN_BY_PROGRAMS.test(name)) {
    if (text.includes(UNKNOWN)) call.unknown(`${name} makes programs run what cannot be known beforehand`)
    else {
      call.runsLine(value, name)
      // A pager or editor of the project's own is no pager.
      if (!/^(CC|CXX|LD|AR|BROWSER|SHELL)$/.test(name) && /^\.{0,2}\/(?!(usr\/)?(local\/)?s?bin\/)/.test(text)) {
        call.unknown(`${name} makes programs run ${text}`)
      }
    }
    return
  }
  if (REWIRES.test(name) && !/^(GIT_CONFIG_NOSYSTEM|GIT_CONFIG_GLOBAL=\/dev\/null)$/.test(name)) {
    if (/^MAKEFLAGS$/.test(name) && /^-?[jksBw]*\d*$/.test(text)) return
    call.unknown(`${name} changes what ${isForOneCommand ? 'the command' : 'later commands'} will do`)
    return
  }
  if (
    name === 'NODE_OPTIONS' &&
    /(^|\s)(--?r(equire)?|--import|--loader|--experimental-loader|--eval|-e|--env-file)\b/.test(text)
  ) {
    call.unknown('NODE_OPTIONS loads other code')
  }
}
