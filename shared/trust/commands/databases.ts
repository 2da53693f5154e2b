import { argOf, type Call, type Command, type CommandTable, UNKNOWN } from './command'

/** A client that takes SQL on the line, in a file or on its input. */
function sqlClient(statements: string, more: Command['values'] = {}): Command {
  return {
    class: 'remote_action',
    why: 'runs statements on a database',
    operands: 'text',
    values: {
      ...more,
      text: `${statements} -h --host -p --port -U -u --username --user -d --dbname --database -P ${more.text ?? ''}`,
    },
    judge: call => judgeSqlClient(call, statements),
  }
}

/** Databases, judged by the statements on the line. */
export const databases: CommandTable = {
  'psql pgcli': sqlClient('-c --command', { read: '-f --file', write: '-o --output -L --log-file' }),
  'mysql mariadb mycli': sqlClient('-e --execute', { write: '--tee', line: '--pager' }),
  'cockroach clickhouse clickhouse-client duckdb snowsql sqlcmd tsql cqlsh trino presto usql impala-shell hive beeline':
    sqlClient('-e -q -Q -c --query --execute --command'),
  'sqlite3 sqlite': {
    class: 'local_mutation',
    why: 'opens a database',
    operands: 'text',
    values: { text: '-cmd -init -separator -nullvalue' },
    singleDash: true,
    judge: judgeSqlite,
  },
  'dropdb dropuser': { class: 'destructive', why: 'deletes a database' },
  'createdb createuser pg_restore pg_ctl initdb pg_upgrade mysqlimport mysqladmin mysql_upgrade': {
    class: 'remote_action',
    why: 'changes a database',
    operands: 'text',
    raises: { destructive: '-c --clean' },
    judge: judgeAdmin,
  },
  'pg_dump pg_dumpall mysqldump mariadb-dump mongodump mongoexport': {
    class: 'read_only',
    operands: 'text',
    values: { write: '-f --file -r --result-file -o --out', text: '-h --host -p --port -U -u -d' },
    judge: call => call.reaches(call.value('-h --host')?.text ?? 'localhost'),
  },
  'pg_isready pg_lsclusters redis-benchmark': 'read_only',
  'mongorestore mongoimport': {
    class: 'remote_action',
    why: 'writes to a database',
    raises: { destructive: '--drop' },
  },
  'mongosh mongo': {
    class: 'remote_action',
    why: 'runs statements on a database',
    operands: 'text',
    values: { text: '--eval --host --port -u -p', read: '-f --file' },
    judge: judgeMongo,
  },
  'redis-cli valkey-cli keydb-cli': {
    class: 'remote_action',
    why: 'changes a database',
    operands: 'text',
    values: { text: '-h -p -a -n -u -s --user --pass', read: '--eval' },
    judge: judgeRedis,
  },
  'influx influxd elasticdump curator kafka-topics kafka-topics.sh rabbitmqctl rabbitmqadmin nats': {
    class: 'remote_action',
    why: 'changes a data store',
    operands: 'text',
    judge: judgeAdmin,
  },
  'flyway liquibase dbmate migrate goose atlas sqitch golang-migrate skeema': {
    class: 'remote_action',
    why: 'changes a database',
    operands: 'text',
    judge: judgeMigration,
  },
}

function judgeSqlClient(call: Call, option: string): void {
  call.reaches(call.value('-h --host')?.text ?? 'localhost')
  const texts = call.options.filter(each => option.split(' ').includes(each.name)).map(each => each.value?.text ?? '')
  if (call.stdin.kind === 'text') texts.push(call.stdin.text)
  const lists = call.has('-l --list')
  if (texts.length === 0 || call.has('-f --file')) {
    if (lists && !call.has('-f --file')) call.settle('read_only', 'lists databases')
    return
  }
  judgeStatements(call, texts.join(';'))
}

/** The worst of some SQL statements. */
function judgeStatements(call: Call, sql: string): void {
  if (
    /(^|[\s;])\\(!|copy\b.*\bprogram\b|o\s*\||g\s*\||w\s*\|)|\bto\s+program\b|\bfrom\s+program\b|(^|[\s;])(system|\\system)\s/i.test(
      sql,
    )
  ) {
    call.unknown('the statements start a program')
    return
  }
  const plain = sql
    .replace(/'(?:''|[^'])*'/g, "''")
    .replace(/--[^\n]*/g, ' ')
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
  if (
    /\b(drop|truncate|purge|shutdown)\b|\bdelete\s+from\b|\balter\s+(table|database|user|role|system)\b|\bgrant\b|\brevoke\b|\bpg_(terminate_backend|read_file|write_file|ls_dir|reload_conf)|\blo_(import|export|unlink)|\bxp_cmdshell|\binto\s+(outfile|dumpfile)|\bload_file\s*\(|\bdblink/i.test(
      plain,
    )
  ) {
    call.raise('destructive', 'the statements delete data or change rights')
    return
  }
  if (plain.split(';').some(statement => /\bupdate\b/i.test(statement) && !/\bwhere\b/i.test(statement))) {
    call.raise('destructive', 'the statements change every row')
    return
  }
  const statements = plain
    .split(/[;\n]/)
    .map(each => each.trim())
    .filter(Boolean)
  const onlyReads = statements.every(each =>
    /^(select|show|explain(?!\s+analy[sz]e)|describe|desc|values|table|with|pragma\s+\w+\s*(\(|$)|\\[dlz?]\w*\+?(\s|$)|\\(dt|conninfo|timing|x|pset)|use|set\s+\w+|from|where|and|or|order|group|limit|join|left|inner|on|having|offset|union|[\w.*,()\s]+$)/i.test(
      each,
    ),
  )
  if (
    onlyReads &&
    !/\b(insert|update|create|into|replace|call|exec(ute)?|copy|vacuum|reindex|nextval|setval)\b/i.test(plain)
  ) {
    call.settle('read_only', 'the statements only read')
  }
}

function judgeSqlite(call: Call): void {
  const [file, ...statements] = call.operands
  if (file) call.reads(file)
  const text = [
    ...statements.map(arg => arg.text),
    call.stdin.kind === 'text' ? call.stdin.text : '',
    call.value('-cmd')?.text ?? '',
  ].join(';')
  if (
    /(^|[;\n])\s*\.(shell|system|sh|sy|load|output\s*\||once\s*\||import\s+['"]?\|)|\bload_extension\s*\(|\bedit\s*\(|\bwritefile\s*\(/i.test(
      text,
    )
  ) {
    call.unknown('the statements start a program')
    return
  }
  const dots = text
    .split(/[;\n]/)
    .map(each => each.trim())
    .filter(each => each.startsWith('.'))
  const target = /^\.(?:output|once|backup|save|clone)\s+(\S+)/.exec(
    dots.find(each => /^\.(output|once|backup|save|clone)/.test(each)) ?? '',
  )?.[1]
  if (target) call.writes(argOf(target))
  const sql = text
    .split(/[;\n]/)
    .filter(each => !each.trim().startsWith('.'))
    .join(';')
  if (
    dots.length > 0 &&
    sql.replaceAll(';', '').trim() === '' &&
    dots.every(each =>
      /^\.(tables|schema|dump|databases|indexes|indices|mode|headers|help|show|stats|width|timer)\b/.test(each),
    )
  ) {
    call.settle('read_only', 'only looks')
  } else if (sql.replaceAll(';', '').trim() !== '') judgeStatements(call, sql)
}

function judgeAdmin(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (
    words.some(word =>
      /^(drop|shutdown|stop|kill|delete|reset|flush.*|delete_.*|purge_.*|force_.*|forget_.*|destroy)$/.test(word),
    ) ||
    call.has('--delete')
  )
    call.raise('destructive', 'deletes data')
  else if (
    words.some(word => /^(status|ping|version|list_.*|list|show|processlist|variables|extended-status)$/.test(word)) ||
    call.has('--list --describe')
  )
    call.settle('read_only', 'only looks')
}

function judgeMongo(call: Call): void {
  const script = call.value('--eval')?.text
  call.reaches(call.operands[0]?.text ?? 'localhost')
  if (script === undefined && call.stdin.kind !== 'text') return
  const text = `${script ?? ''};${call.stdin.kind === 'text' ? call.stdin.text : ''}`
  if (
    text.includes(UNKNOWN) ||
    /drop|delete|remove|shutdown|\bfsync|require\s*\(|process\.|eval|Function|child_process|runProgram|\brun\s*\(|cat\s*\(/i.test(
      text,
    )
  )
    call.raise('destructive', 'the statements delete data or run code')
  else if (
    /^[\s;]*(db\.[\w.]+\.(find|findOne|count\w*|distinct|aggregate|stats|getIndexes|estimatedDocumentCount)\([^;]*\)[\w.()\d]*|show \w+|db\.(stats|version|getCollectionNames|hello|serverStatus)\(\))[\s;]*$/.test(
      text,
    ) &&
    !/\$(out|merge|function|where)/.test(text)
  )
    call.settle('read_only', 'the statements only read')
}

function judgeRedis(call: Call): void {
  call.reaches(call.value('-h')?.text ?? 'localhost')
  const words = call.operands.map(arg => arg.text.toLowerCase())
  const [verb = '', second = ''] = words
  if (verb === '') {
    if (call.stdin.kind !== 'none') call.raise('destructive', 'runs the statements it is given')
    if (call.has('--scan --bigkeys --memkeys --hotkeys --latency --stat --rdb')) call.settle('read_only', 'only looks')
    return
  }
  if (
    verb.includes(UNKNOWN) ||
    /^(flushall|flushdb|del|unlink|shutdown|eval|evalsha|script|function|fcall|module|debug|slaveof|replicaof|migrate|restore|rename|getdel|spop|lpop|rpop|lrem|ltrim|hdel|srem|zrem.*|xdel|xtrim|acl|cluster|bgrewriteaof|swapdb|failover)$/.test(
      verb,
    ) ||
    (verb === 'config' && second !== 'get') ||
    (verb === 'client' && second === 'kill')
  ) {
    call.raise('destructive', 'deletes data or runs code')
  } else if (
    /^(get|mget|keys|scan|info|ping|ttl|pttl|type|exists|dbsize|hget|hgetall|hmget|hkeys|hvals|hlen|lrange|llen|lindex|smembers|scard|sismember|zrange|zcard|zscore|zrank|strlen|getrange|xrange|xlen|xinfo|time|lastsave|monitor|config|client|memory|object|command|slowlog|latency|randomkey|echo|sscan|hscan|zscan|bitcount|getbit|role|pubsub)$/.test(
      verb,
    )
  ) {
    call.settle('read_only', 'only looks')
  }
}

function judgeMigration(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (
    words.some(word =>
      /^(clean|drop|down|rollback|reset|undo|redo|drop-all|dropAll|repair|revert|force|wipe|rollback-count)$/.test(
        word,
      ),
    )
  )
    call.raise('destructive', 'drops data')
  else if (words.some(word => /^(info|status|validate|version|history|new|create|lint|inspect|diff|dump)$/.test(word)))
    call.settle(
      words.some(word => /^(new|create|dump|diff)$/.test(word)) ? 'local_mutation' : 'read_only',
      'looks at the migrations',
    )
}
