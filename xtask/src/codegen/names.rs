//! Rust's names for the model's.

/// `imageTagMutability` → `image_tag_mutability`; `RCTAppliedFor` → `rct_applied_for`.
pub(super) fn snake(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (place, character) in characters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| characters.get(place));
        let after = characters.get(place + 1);
        let begins = character.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase)
            });
        if begins {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// What serde's `camelCase` makes of a field, to know where a key has to be spelled out.
pub(super) fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capitalized(word))
}

/// What serde's `PascalCase` makes of a field.
pub(super) fn pascal(field: &str) -> String {
    field.split('_').map(capitalized).collect()
}

/// `statusType` → `StatusType`: some models write their types small.
pub(super) fn type_name(shape: &str) -> String {
    capitalized(shape)
}

/// `IN_PROGRESS` → `InProgress`; `docker-hub` → `DockerHub`; `ImageNotFound` stays.
pub(super) fn variant(value: &str) -> String {
    let shouted = !value.contains(|character: char| character.is_ascii_lowercase());
    let words = value.split(['_', '-']);
    words
        .map(|word| {
            if shouted {
                capitalized(&word.to_ascii_lowercase())
            } else {
                capitalized(word)
            }
        })
        .collect()
}

/// A field's name, escaped where Rust keeps the word for itself.
pub(super) fn field(name: &str) -> String {
    match snake(name).as_str() {
        word @ ("type" | "match" | "ref" | "use" | "where" | "move" | "mod" | "fn" | "in"
        | "as" | "enum") => {
            format!("r#{word}")
        }
        word => word.to_owned(),
    }
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + characters.as_str()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_rusts_custom() {
        assert_eq!(snake("imageSizeInBytes"), "image_size_in_bytes");
        assert_eq!(snake("RCTAppliedFor"), "rct_applied_for");
        assert_eq!(snake("Key"), "key");
        assert_eq!(camel("image_size_in_bytes"), "imageSizeInBytes");
        assert_eq!(pascal("open_id_connect"), "OpenIdConnect");
        assert_eq!(type_name("statusType"), "StatusType");
        assert_eq!(
            snake("OpenIDConnectProviderArn"),
            "open_id_connect_provider_arn"
        );
        assert_eq!(variant("aws-managed"), "AwsManaged");
        assert_eq!(variant("KMS_DSSE"), "KmsDsse");
        assert_eq!(variant("AES256"), "Aes256");
        assert_eq!(variant("ecr-public"), "EcrPublic");
        assert_eq!(variant("KmsError"), "KmsError");
        assert_eq!(field("type"), "r#type");
    }
}
