//! AWS's managed policies: the same for every account, never changed.

/// One of AWS's managed policies.
#[derive(Debug)]
pub(crate) struct ManagedPolicy {
    pub(crate) name: &'static str,
    /// Begins and ends with `/`.
    pub(crate) path: &'static str,
    /// `ANPA…`
    pub(crate) id: &'static str,
    /// The number of its default version, the only one that is kept.
    pub(crate) version: u32,
    /// When that version was made, seconds since 1970.
    pub(crate) updated: i64,
    pub(crate) document: &'static str,
}

impl ManagedPolicy {
    /// `arn:aws:iam::aws:policy/PATH/NAME`
    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:iam::aws:policy{}{}", self.path, self.name)
    }
}

/// Source: iam.md 5.
pub(crate) const POLICIES: &[ManagedPolicy] = &[ManagedPolicy {
    name: "AdministratorAccess",
    path: "/",
    id: "ANPAWHARFINGERAAAAAAA",
    version: 1,
    updated: 1_423_180_800,
    document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
}];
