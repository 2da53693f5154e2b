/**
 * The schema of an exported session's SQLite file, step by step. `user_version` counts the steps a file has taken. A step is
 * never changed once it was released; a new one is added.
 *
 * The journals themselves carry a schema number of their own, see `SESSION_SCHEMA` in conversation.ts.
 */
export const EXPORT_STEPS: readonly string[] = [
  `CREATE TABLE sessions (
     id TEXT PRIMARY KEY, project_root TEXT NOT NULL, agent_name TEXT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL,
     mode TEXT NOT NULL, title TEXT NOT NULL, created_at INTEGER NOT NULL, last_accessed_at INTEGER NOT NULL
   );
   CREATE TABLE messages (
     id INTEGER PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions(id), message_id TEXT NOT NULL, role TEXT NOT NULL,
     content TEXT NOT NULL, full_content TEXT, tool_calls TEXT, tool_call_id TEXT, tool_name TEXT, status TEXT,
     agent_name TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, cache_read_tokens INTEGER,
     cache_creation_tokens INTEGER, thinking_tokens INTEGER, created_at INTEGER NOT NULL, compacted_at INTEGER,
     is_complete INTEGER NOT NULL, json TEXT NOT NULL
   );
   CREATE INDEX messages_by_session ON messages(session_id, id);
   CREATE TABLE touched_files (session_id TEXT NOT NULL, message_id TEXT NOT NULL, path TEXT NOT NULL, status TEXT NOT NULL);
   CREATE TABLE session_metadata (session_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (session_id, key));
   CREATE TABLE usage (
     session_id TEXT NOT NULL, agent_name TEXT NOT NULL, requests INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
     completion_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL, cache_creation_tokens INTEGER NOT NULL,
     thinking_tokens INTEGER NOT NULL, cost_usd REAL NOT NULL
   );`,
]
