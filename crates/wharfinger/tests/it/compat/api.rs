//! The lines that show in the API.

use serde_json::{Value, json};
use wharf_wire::oci::Digest;

use super::Case;
use crate::support::images::Image;
use crate::support::people;

fn text(image: &Image) -> &str {
    std::str::from_utf8(&image.manifest).expect("text")
}

pub(super) fn create_once(case: &Case<'_>) {
    case.expect_exception(
        "CreateRepository",
        &json!({}),
        "RepositoryAlreadyExistsException",
    );
}

pub(super) fn oidc_port(case: &Case<'_>) {
    let root = people::root(case.server);
    let asks = |url: &str| {
        let parameters = [("Url", url), ("ClientIDList.member.1", "registry")];
        root.asks(
            case.server,
            "iam",
            "CreateOpenIDConnectProvider",
            &parameters,
        )
    };
    let with_port = asks("https://idp.example.com:8443/realms/ci");
    if case.strict {
        let refused = with_port.expect_status(400).text();
        assert!(refused.contains("Invalid Open ID Connect Provider URL"));
    } else {
        let made = with_port.expect_status(200).text();
        assert!(made.contains(":oidc-provider/idp.example.com:8443/realms/ci<"));
    }
    for none in [
        "https://idp.example.com:0/",
        "https://idp.example.com:080",
        "https://a:b",
    ] {
        asks(none).expect_status(400);
    }
}

pub(super) fn lock_out(case: &Case<'_>) {
    let denied = |action: &str| {
        let statement =
            json!({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"});
        json!({"Version": "2012-10-17", "Statement": statement}).to_string()
    };
    let locked = json!({"policyText": denied("ecr:SetRepositoryPolicy")});
    let invalid = "InvalidParameterException";
    let message = case.expect_exception("SetRepositoryPolicy", &locked, invalid);
    assert_eq!(
        message,
        "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'The policy would not allow the caller to \
         set the repository's policy again. Set force to true to save it anyway'"
    );
    let forced = json!({"policyText": locked["policyText"], "force": true});
    assert_eq!(case.call("SetRepositoryPolicy", &forced).0, 200);
    case.expect_exception("SetRepositoryPolicy", &forced, "AccessDeniedException");
    let all = json!({"policyText": denied("ecr:*")});
    case.server.call("PutRegistryPolicy", &all);
    case.expect_exception("GetRegistryPolicy", &json!({}), "AccessDeniedException");
    case.server.call("DeleteRegistryPolicy", &json!({}));
    case.expect_exception(
        "GetRegistryPolicy",
        &json!({}),
        "RegistryPolicyNotFoundException",
    );
}

pub(super) fn put_image_repeat(case: &Case<'_>) {
    let image = case.push(1, "v1");
    let more = json!({"imageManifest": text(&image), "imageTag": "v1"});
    case.expect_exception("PutImage", &more, "ImageAlreadyExistsException");
    case.put(&image, "v1").expect_status(201);
}

pub(super) fn last_tag(case: &Case<'_>) {
    let (one, two) = (case.push(2, "v1"), case.push(3, "v2"));
    // Moved away: the image stays, untagged.
    case.put(&two, "v1").expect_status(201);
    let (status, answer) = case.call(
        "DescribeImages",
        &json!({"imageIds": [{"imageDigest": one.digest().as_str()}]}),
    );
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["imageDetails"][0]["imageTags"], Value::Null);
    // Deleted: the image goes with its last tag.
    for tag in ["v1", "v2"] {
        let ids = json!({"imageIds": [{"imageTag": tag}]});
        let (status, answer) = case.call("BatchDeleteImage", &ids);
        assert_eq!((status, &answer["failures"]), (200, &json!([])), "{answer}");
    }
    let ids = json!({"imageIds": [{"imageDigest": two.digest().as_str()}]});
    case.expect_exception("DescribeImages", &ids, "ImageNotFoundException");
}

pub(super) fn immutable_delete(case: &Case<'_>) {
    let name = format!("{}-fixed", case.repository);
    case.server.create_immutable_repository(&name);
    let (one, two) = (Image::new(4, 1), Image::new(5, 1));
    case.registry.push(&one, &name, "v1");
    let moved = case.registry.try_push(&two, &name, "v1");
    assert!(moved.is_err());
    let ids = json!({"repositoryName": name, "imageIds": [{"imageTag": "v1"}]});
    let answer = case.server.call("BatchDeleteImage", &ids);
    assert_eq!(answer["failures"], json!([]));
    case.registry.push(&two, &name, "v1");
    case.registry.expect_image(&two, &name, "v1");
}

pub(super) fn describe_plain(case: &Case<'_>) {
    for (seed, tag) in [(6, "b"), (7, "a"), (8, "c")] {
        case.push(seed, tag);
    }
    let (status, plain) = case.call("DescribeImages", &json!({}));
    assert_eq!(status, 200, "{plain}");
    // Members that the model does not have change nothing.
    let more = json!({"sortBy": "PUSHED_AT", "filter": {"tagPattern": "a*", "pushedAfter": 1}});
    assert_eq!(case.call("DescribeImages", &more), (200, plain));
    let (_, untagged) = case.call(
        "DescribeImages",
        &json!({"filter": {"tagStatus": "UNTAGGED"}}),
    );
    assert_eq!(untagged["imageDetails"], json!([]));
}

pub(super) fn describe_whole(case: &Case<'_>) {
    case.push(9, "v1");
    let ids = json!({"imageIds": [{"imageTag": "v1"}, {"imageTag": "none"}]});
    case.expect_exception("DescribeImages", &ids, "ImageNotFoundException");
    let (status, answer) = case.call("BatchGetImage", &ids);
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["images"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["failures"][0]["failureCode"], "ImageNotFound");
}

pub(super) fn encryption_fixed(case: &Case<'_>) {
    let kms = json!({"encryptionConfiguration": {"encryptionType": "KMS"}});
    let (status, answer) = case.call("CreateRepository", &kms);
    assert_eq!(status, 400, "{answer}");
    let name = case.repository.as_str();
    let described = case
        .server
        .call("DescribeRepositories", &json!({"repositoryNames": [name]}));
    assert_eq!(
        described["repositories"][0]["encryptionConfiguration"]["encryptionType"],
        "AES256"
    );
    unknown(case, &["PutEncryptionConfiguration"]);
}

/// Operations that are refused by name.
#[track_caller]
fn unknown(case: &Case<'_>, operations: &[&str]) {
    for operation in operations {
        let message = case.expect_exception(operation, &json!({}), "UnknownOperationException");
        assert!(message.contains(operation), "{message}");
    }
}

pub(super) fn no_rename(case: &Case<'_>) {
    unknown(case, &["RenameRepository", "UpdateRepository", "TagImage"]);
}

pub(super) fn no_listing(case: &Case<'_>) {
    unknown(
        case,
        &[
            "ListLayers",
            "ListLayerUploads",
            "AbortLayerUpload",
            "DeleteTag",
        ],
    );
}

pub(super) fn upload_planes(case: &Case<'_>) {
    let (_, begun) = case.call("InitiateLayerUpload", &json!({}));
    let upload = begun["uploadId"].as_str().expect("an upload");
    let chunk = case.send("PATCH", &format!("blobs/uploads/{upload}"), &[], b"abc");
    chunk.expect_status(case.either(202, 201));
    let last =
        json!({"uploadId": upload, "partFirstByte": 3, "partLastByte": 5, "layerPartBlob": "ZGVm"});
    let (status, answer) = case.call("UploadLayerPart", &last);
    assert_eq!(status, 200, "{answer}");
    let digest = Digest::of(b"abcdef");
    let end = json!({"uploadId": upload, "layerDigests": [digest.as_str()]});
    // Chunks of any size are no parts of any size.
    case.expect_exception("CompleteLayerUpload", &end, "LayerPartTooSmallException");
    let end = format!("blobs/uploads/{upload}?digest={digest}");
    case.send("PUT", &end, &[], b"").expect_status(201);
}

pub(super) fn layer_media_type(case: &Case<'_>) {
    let image = Image::new(15, 1);
    let digest = Digest::of(&image.blobs[1]);
    let asked = json!({"layerDigests": [digest.as_str()]});
    let media_type =
        || case.call("BatchCheckLayerAvailability", &asked).1["layers"][0]["mediaType"].clone();
    let blobs = &image.blobs;
    for blob in blobs {
        case.registry
            .try_push_blob(&case.repository, blob)
            .expect("a blob");
    }
    assert_eq!(media_type(), json!(null));
    case.put(&image, "v1").expect_status(201);
    assert_eq!(media_type(), "application/vnd.oci.image.layer.v1.tar+gzip");
}

pub(super) fn first_part(case: &Case<'_>) {
    let (_, begun) = case.call("InitiateLayerUpload", &json!({}));
    let part = |first: i64| {
        let part = json!({
            "uploadId": begun["uploadId"], "partFirstByte": first, "partLastByte": first, "layerPartBlob": "YQ==",
        });
        case.call("UploadLayerPart", &part).1
    };
    let refused = part(1);
    assert_eq!(refused["__type"], "InvalidLayerPartException", "{refused}");
    assert_eq!(refused.get("lastValidByteReceived"), None, "{refused}");
    part(0);
    assert_eq!(part(0)["lastValidByteReceived"], 0);
}

pub(super) fn archive_later(case: &Case<'_>) {
    unknown(case, &["UpdateImageStorageClass"]);
}

pub(super) fn scanning_later(case: &Case<'_>) {
    unknown(
        case,
        &[
            "StartImageScan",
            "DescribeImageScanFindings",
            "PutImageScanningConfiguration",
            "BatchGetRepositoryScanningConfiguration",
        ],
    );
    case.push(10, "v1");
    let (_, answer) = case.call("DescribeImages", &json!({}));
    assert_eq!(answer["imageDetails"][0]["imageScanStatus"], Value::Null);
}

pub(super) fn policies_later(case: &Case<'_>) {
    unknown(
        case,
        &[
            "PutLifecyclePolicy",
            "GetLifecyclePolicy",
            "DeleteLifecyclePolicy",
        ],
    );
}

pub(super) fn page_caps_later(case: &Case<'_>) {
    unknown(
        case,
        &[
            "GetLifecyclePolicyPreview",
            "BatchGetRepositoryScanningConfiguration",
        ],
    );
}

pub(super) fn kms_later(case: &Case<'_>) {
    for kind in ["KMS", "KMS_DSSE"] {
        let name = format!("{}-{}", case.repository, kind.to_lowercase());
        let body = json!({
            "repositoryName": name,
            "encryptionConfiguration": {"encryptionType": kind},
        });
        let (status, answer) = case.server.signed("CreateRepository", &body);
        assert_eq!(
            (status, &answer["__type"]),
            (400, &json!("KmsException")),
            "{answer}"
        );
    }
}

pub(super) fn rates_later(case: &Case<'_>) {
    // Far more than ten a second, ECR's rate of PutImage.
    let image = case.push(11, "v0");
    for number in 0..100 {
        case.put(&image, &format!("v{number}")).expect_status(201);
    }
}

pub(super) fn image_count(case: &Case<'_>) {
    // What is enforced is the limit of tags on one image.
    let image = case.push(12, "first");
    for hundred in 0..10 {
        let tags: Vec<String> = (0..100).map(|n| format!("t{hundred}-{n}")).collect();
        for tag in tags.iter().take(if hundred == 9 { 99 } else { 100 }) {
            case.put(&image, tag).expect_status(201);
        }
    }
    let one_more = case.put(&image, "one-more");
    assert_eq!(one_more.status, 400, "{}", one_more.text());
    assert!(one_more.text().contains("at most 1000 tags"));
}
