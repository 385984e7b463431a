//! What the generated shapes of every service are written in.

/// A string of a fixed set as an enum, written and read by its value.
macro_rules! string_enum {
    ($name:ident { $($variant:ident = $value:literal,)+ }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            /// All values, in the order of error texts.
            pub const VALUES: &[&str] = &[$($value),+];

            /// The value on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $value),+ }
            }

            /// The variant of a value on the wire.
            pub fn parse(value: &str) -> Option<Self> {
                match value { $($value => Some(Self::$variant),)+ _ => None }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&value).ok_or_else(|| serde::de::Error::custom("a value outside its enum"))
            }
        }
    };
}

/// `Debug` of a structure that holds secrets: of those it shows the names alone.
macro_rules! masked_debug {
    ($name:ident { $($shown:ident),* } hiding { $($hidden:ident),+ }) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($shown), &self.$shown))*
                    $(.field(stringify!($hidden), &format_args!("…")))+
                    .finish()
            }
        }
    };
}

/// The operations of a service of the query protocol: names, the table of each request, what each answers, the
/// codes of its errors. The module above says which service it is.
macro_rules! query_operations {
    ($($name:ident: $request:ident by $table:ident, $response:ty [$($exception:ident)*];)+) => {
        /// The operations, by name.
        pub const OPERATIONS: &[&str] = &[$(stringify!($name)),+];

        /// The codes of the errors that the model lists for each operation.
        pub const OPERATION_EXCEPTIONS: &[(&str, &[&str])] =
            &[$((stringify!($name), &[$(stringify!($exception)),*])),+];

        $(
            impl crate::query::Input for $request {
                type Output = $response;

                const ACTION: &'static str = stringify!($name);

                const SERVICE: &'static crate::query::Service = &super::SERVICE;

                fn shape() -> &'static crate::awsjson::Shape { &$table }
            }
        )+

        /// What each operation makes of parameters.
        #[cfg(test)]
        pub(crate) const DECODERS: &[crate::query::Decoder] =
            &[$((stringify!($name), |params| crate::query::decode::<$request>(params).map(|_request| ()))),+];

        /// The table of each request.
        #[cfg(test)]
        pub(crate) static INPUTS: &[&crate::awsjson::Shape] = &[$(&$table),+];
    };
}
