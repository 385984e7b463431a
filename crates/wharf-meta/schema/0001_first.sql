-- The first schema. One text for SQLite and PostgreSQL: BIGINT, TEXT and BYTEA only.
-- Times are integer microseconds since 1970-01-01T00:00:00Z. Booleans are 0 and 1.

CREATE TABLE schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
);

-- One row. `key_check` is a constant sealed under the root key: a wrong root key refuses to start.
CREATE TABLE store_id (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    root_generation BIGINT NOT NULL,
    key_check BYTEA NOT NULL
);

-- Counters that readers compare to know whether what they cached still holds.
CREATE TABLE versions (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (account, kind)
);

-- `alias`: a name for addresses that people read, taken once in the store.
CREATE TABLE accounts (
    account TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    alias TEXT
);
CREATE UNIQUE INDEX accounts_alias ON accounts (alias) WHERE alias IS NOT NULL;

-- `principal` is the unique id of the owner; the root's is the account id.
CREATE TABLE access_keys (
    access_key_id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (account) ON DELETE RESTRICT,
    principal TEXT NOT NULL,
    status TEXT NOT NULL,
    secret BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX access_keys_account ON access_keys (account, access_key_id);
CREATE INDEX access_keys_principal ON access_keys (principal, access_key_id);

-- The texts of policies of every kind. A document never changes: another text is another row.
-- `principals`: a JSON object of the ARNs that it names to the unique ids that they had when it was saved.
CREATE TABLE policies (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    principals TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What IAM keeps by name. `kind`: user, role, group, instance-profile, policy or oidc-provider; `name_key`: the name in
-- lower case. What only some kinds have is NULL for the others. role: `document` (its trust policy), `description`,
-- `max_session` (seconds); user and role: `boundary` (a policy's ARN); policy: `description`, `default_version` and
-- `last_version`, whose numbers are never given again.
CREATE TABLE iam_entities (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (account) ON DELETE RESTRICT,
    kind TEXT NOT NULL,
    name_key TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    description TEXT,
    document BIGINT REFERENCES policies (id) ON DELETE RESTRICT,
    boundary TEXT,
    max_session BIGINT,
    default_version BIGINT,
    last_version BIGINT,
    UNIQUE (account, kind, name_key)
);
CREATE INDEX iam_entities_document ON iam_entities (document);
CREATE INDEX iam_entities_boundary ON iam_entities (boundary, account, id) WHERE boundary IS NOT NULL;

CREATE TABLE iam_tags (
    entity TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    key_lower TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (entity, key_lower)
);

CREATE TABLE iam_inline_policies (
    entity TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    name TEXT NOT NULL,
    document BIGINT NOT NULL REFERENCES policies (id) ON DELETE RESTRICT,
    PRIMARY KEY (entity, name)
);
CREATE INDEX iam_inline_policies_document ON iam_inline_policies (document);

CREATE TABLE iam_policy_versions (
    entity TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    version BIGINT NOT NULL,
    document BIGINT NOT NULL REFERENCES policies (id) ON DELETE RESTRICT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (entity, version)
);
CREATE INDEX iam_policy_versions_document ON iam_policy_versions (document);

-- `policy_arn`: also of the policies that come with the service, which have no rows.
CREATE TABLE iam_attachments (
    entity TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    policy_arn TEXT NOT NULL,
    attached_at BIGINT NOT NULL,
    PRIMARY KEY (entity, policy_arn)
);
CREATE INDEX iam_attachments_policy ON iam_attachments (policy_arn, entity);

-- The users of a group, the role of an instance profile.
CREATE TABLE iam_members (
    owner TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    member TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (owner, member)
);
CREATE INDEX iam_members_member ON iam_members (member, owner);

-- Lists of an OIDC provider, in order. `kind`: client-id or thumbprint.
CREATE TABLE iam_strings (
    entity TEXT NOT NULL REFERENCES iam_entities (id) ON DELETE RESTRICT,
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (entity, kind, position)
);

-- Temporary credentials. `kind`: user, role or federated-user. `principal`: the unique id of the user or role, or the
-- account id of a root's. `details`: JSON of what else the session carries: its policies, tags, source identity.
CREATE TABLE sessions (
    access_key_id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (account) ON DELETE RESTRICT,
    kind TEXT NOT NULL,
    principal TEXT NOT NULL,
    name TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account, access_key_id);
CREATE INDEX sessions_expires ON sessions (expires_at, access_key_id);
CREATE INDEX sessions_principal ON sessions (principal, access_key_id);

-- Settings of one registry, which is one account's in one region. `policy`: who else may use it.
CREATE TABLE registries (
    account TEXT NOT NULL REFERENCES accounts (account) ON DELETE RESTRICT,
    region TEXT NOT NULL,
    policy BIGINT REFERENCES policies (id) ON DELETE RESTRICT,
    PRIMARY KEY (account, region)
);
CREATE INDEX registries_policy ON registries (policy);

CREATE TABLE account_settings (
    account TEXT NOT NULL REFERENCES accounts (account) ON DELETE RESTRICT,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
);

-- The registry's own key, one per account and region, wrapped under the root key.
CREATE TABLE registry_keys (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    material BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account, region, material)
);

-- `id` is a surrogate: deleting a repository moves its row away and frees the name at once,
-- while a job moves what hangs on the id.
CREATE TABLE repositories (
    id BIGINT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (account) ON DELETE RESTRICT,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tag_mutability TEXT NOT NULL,
    mutability_filters TEXT,
    scan_on_push BIGINT NOT NULL,
    encryption_type TEXT NOT NULL,
    kms_key TEXT,
    policy BIGINT REFERENCES policies (id) ON DELETE RESTRICT,
    UNIQUE (account, region, name)
);
CREATE INDEX repositories_policy ON repositories (policy);

CREATE TABLE repository_tags (
    repository BIGINT NOT NULL REFERENCES repositories (id) ON DELETE RESTRICT,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (repository, key)
);

-- A stored object is a file of the local directory (or, later, a key in a bucket), written once.
-- state: pending (row before file), live, doomed (removed after a delay), missing (found absent).
CREATE TABLE objects (
    name TEXT NOT NULL PRIMARY KEY,
    store TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    upload TEXT
);
CREATE INDEX objects_state ON objects (state, at, name);
CREATE INDEX objects_upload ON objects (upload);

-- What one request carried: a sealed object, or up to 64 KiB sealed in the row. `size` is of the plain bytes.
CREATE TABLE extents (
    id BIGINT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    object TEXT REFERENCES objects (name) ON DELETE RESTRICT,
    sealed BYTEA,
    created_at BIGINT NOT NULL
);
CREATE INDEX extents_object ON extents (object);

-- A blob is shared within one account, region and encryption configuration; `digest` is its sha256.
-- When its last link goes it is given up at `doomed_at`: `digest` becomes `gone:ID:DIGEST`, so that nobody finds it,
-- and its extents stay for those who are reading them.
CREATE TABLE blobs (
    id BIGINT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    encryption TEXT NOT NULL,
    digest TEXT NOT NULL,
    size BIGINT NOT NULL,
    media_type TEXT,
    created_at BIGINT NOT NULL,
    doomed_at BIGINT,
    UNIQUE (account, region, encryption, digest)
);
CREATE INDEX blobs_doomed ON blobs (doomed_at, id) WHERE doomed_at IS NOT NULL;

CREATE TABLE blob_extents (
    blob BIGINT NOT NULL REFERENCES blobs (id) ON DELETE RESTRICT,
    position BIGINT NOT NULL,
    extent BIGINT NOT NULL REFERENCES extents (id) ON DELETE RESTRICT,
    first_byte BIGINT NOT NULL,
    size BIGINT NOT NULL,
    PRIMARY KEY (blob, position)
);
CREATE INDEX blob_extents_extent ON blob_extents (extent);

-- Which repository may serve a blob. `keep_until`: an answer "exists" was given, so do not collect before.
-- `trash_until`: something in the trash needs it. `due_at`: when the collector looks at it next; the largest number
-- once it has found a manifest that holds it, until that manifest goes.
-- `deleted_at`: a client deleted the blob; the link serves nothing, and stays only for what lies in the trash.
CREATE TABLE links (
    repository BIGINT NOT NULL,
    digest TEXT NOT NULL,
    blob BIGINT NOT NULL REFERENCES blobs (id) ON DELETE RESTRICT,
    keep_until BIGINT NOT NULL,
    trash_until BIGINT,
    due_at BIGINT NOT NULL,
    deleted_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX links_blob ON links (blob, repository);
CREATE INDEX links_due ON links (due_at);

-- The blob's one data key, wrapped under the linking repository's key and context.
CREATE TABLE blob_keys (
    repository BIGINT NOT NULL,
    blob BIGINT NOT NULL REFERENCES blobs (id) ON DELETE RESTRICT,
    key_id TEXT NOT NULL,
    material BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (repository, blob)
);
CREATE INDEX blob_keys_blob ON blob_keys (blob, repository);

-- Another name of a blob or manifest under a second digest algorithm; sha256 stays the identity.
CREATE TABLE digest_aliases (
    repository BIGINT NOT NULL,
    alias TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, alias)
);
CREATE INDEX digest_aliases_alias ON digest_aliases (alias, repository);
CREATE INDEX digest_aliases_digest ON digest_aliases (repository, digest, alias);

CREATE TABLE uploads (
    id TEXT NOT NULL PRIMARY KEY,
    repository BIGINT NOT NULL,
    principal TEXT NOT NULL,
    digest_algorithm TEXT,
    received BIGINT NOT NULL,
    extents BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    material BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX uploads_expires ON uploads (expires_at, id);
CREATE INDEX uploads_repository ON uploads (repository);

CREATE TABLE upload_extents (
    upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE RESTRICT,
    first_byte BIGINT NOT NULL,
    extent BIGINT NOT NULL REFERENCES extents (id) ON DELETE RESTRICT,
    size BIGINT NOT NULL,
    PRIMARY KEY (upload, first_byte)
);
CREATE INDEX upload_extents_extent ON upload_extents (extent);

-- Manifest bytes are sealed under a data key of their own, wrapped in the row.
-- `image_size`: layers and config (an index: its largest member), in bytes. `depth`: 0 of an image, of an index one
-- more than of its deepest member. `keep_until`: the collector looks then whether anything refers to it, because
-- `orphaned_by`, its index or its subject, was removed; NULL: nobody asks.
CREATE TABLE manifests (
    repository BIGINT NOT NULL,
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    image_size BIGINT NOT NULL,
    depth BIGINT NOT NULL,
    subject TEXT,
    artifact_type TEXT,
    config_media_type TEXT,
    annotations TEXT,
    pushed_at BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    material BIGINT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    keep_until BIGINT,
    orphaned_by TEXT,
    PRIMARY KEY (repository, digest)
);
CREATE INDEX manifests_keep ON manifests (keep_until) WHERE keep_until IS NOT NULL;
CREATE INDEX manifests_subject ON manifests (repository, subject, digest);
-- Referrers of one artifact type: its own, else that of its config.
CREATE INDEX manifests_referrers ON manifests (repository, subject, (COALESCE(artifact_type, config_media_type)), digest)
    WHERE subject IS NOT NULL;

CREATE TABLE manifest_links (
    repository BIGINT NOT NULL,
    manifest TEXT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, manifest, position),
    FOREIGN KEY (repository, manifest) REFERENCES manifests (repository, digest) ON DELETE RESTRICT,
    FOREIGN KEY (repository, digest) REFERENCES links (repository, digest) ON DELETE RESTRICT
);
CREATE INDEX manifest_links_digest ON manifest_links (repository, digest);

CREATE TABLE manifest_children (
    repository BIGINT NOT NULL,
    parent TEXT NOT NULL,
    position BIGINT NOT NULL,
    child TEXT NOT NULL,
    PRIMARY KEY (repository, parent, position),
    FOREIGN KEY (repository, parent) REFERENCES manifests (repository, digest) ON DELETE RESTRICT,
    FOREIGN KEY (repository, child) REFERENCES manifests (repository, digest) ON DELETE RESTRICT
);
CREATE INDEX manifest_children_child ON manifest_children (repository, child, parent);

CREATE TABLE tags (
    repository BIGINT NOT NULL,
    tag TEXT NOT NULL,
    digest TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (repository, tag),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest) ON DELETE RESTRICT
);
CREATE INDEX tags_digest ON tags (repository, digest, tag);

-- The images that no tag points to, so that a page of them costs as much as any other, however many have tags.
CREATE TABLE untagged (
    repository BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (repository, digest),
    FOREIGN KEY (repository, digest) REFERENCES manifests (repository, digest) ON DELETE RESTRICT
);

-- What was deleted, as one JSON document a thing, until `until`; hot tables hold only what exists.
CREATE TABLE trash_repositories (
    id BIGINT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX trash_repositories_until ON trash_repositories (until);
CREATE INDEX trash_repositories_name ON trash_repositories (account, region, name, deleted_at);

CREATE TABLE trash_manifests (
    repository BIGINT NOT NULL,
    digest TEXT NOT NULL,
    deleted_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    tags TEXT NOT NULL,
    document TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (repository, digest, deleted_at)
);
CREATE INDEX trash_manifests_reason ON trash_manifests (repository, reason);
CREATE INDEX trash_manifests_until ON trash_manifests (until);

-- `seq` is stamped by one sequencer, so that a reader with a cursor never misses a row. `digest`: what it is about.
CREATE TABLE events (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT UNIQUE,
    at BIGINT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    repository BIGINT,
    subject TEXT NOT NULL,
    principal TEXT NOT NULL,
    request_id TEXT NOT NULL,
    details TEXT NOT NULL,
    digest TEXT
);
CREATE INDEX events_digest ON events (digest, repository, at) WHERE digest IS NOT NULL;

-- Pulls and key uses, added up; flushed every few seconds.
CREATE TABLE usage (
    account TEXT NOT NULL,
    repository BIGINT NOT NULL,
    subject TEXT NOT NULL,
    principal TEXT NOT NULL,
    day BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (repository, subject, day, principal)
);
CREATE INDEX usage_last ON usage (repository, subject, last_at);

-- Slow work. `fence` grows with each lease and is checked in each write of the worker.
CREATE TABLE jobs (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    progress TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT,
    next_run BIGINT NOT NULL,
    lease_owner TEXT,
    lease_until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_next ON jobs (next_run, id);
CREATE INDEX jobs_kind ON jobs (kind, next_run, id);
