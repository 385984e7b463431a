//! AWS JSON: a body that becomes a request is JSON of one meaning within the model's bounds.
//!
//! The first byte chooses the request.
#![no_main]

use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use wharf_wire::awsjson::{DecodeError, Input, decode};
use wharf_wire::ecr;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, body)) = bytes.split_first() else {
        return;
    };
    match choice % 8 {
        0 => {
            if let Some(request) = read::<ecr::BatchGetImageRequest>(body) {
                assert!((1..=100).contains(&request.image_ids.len()));
                assert!((2..=256).contains(&request.repository_name.chars().count()));
            }
        }
        1 => drop(read::<ecr::CreateRepositoryRequest>(body)),
        2 => {
            if let Some(request) = read::<ecr::DescribeImagesRequest>(body) {
                assert!(request.max_results.is_none_or(|n| (1..=1000).contains(&n)));
            }
        }
        3 => drop(read::<ecr::PutImageRequest>(body)),
        4 => drop(read::<ecr::PutReplicationConfigurationRequest>(body)),
        5 => drop(read::<ecr::TagResourceRequest>(body)),
        6 => drop(read::<ecr::UploadLayerPartRequest>(body)),
        _ => drop(read::<ecr::SetRepositoryPolicyRequest>(body)),
    }
});

fn read<T: Input + PartialEq + Debug>(body: &[u8]) -> Option<T> {
    let request = decode::<T>(body);
    assert_eq!(request, decode::<T>(body), "two readings differ");
    match request {
        Ok(request) => {
            if !body.is_empty() {
                let other: Value = serde_json::from_slice(body).expect("JSON for every reader");
                assert!(other.is_object() || other.is_null());
            }
            Some(request)
        }
        Err(DecodeError::Serialization(text)) => {
            assert!(text.len() < 1_024, "an error as long as its cause");
            None
        }
        Err(error @ DecodeError::Constraint { .. }) => {
            assert!(!error.to_string().contains('\n'));
            None
        }
    }
}
