//! Which methods a path of the registry protocol takes, and the IAM action each is decided on.
use http::Method;
use wharf_registry::{Compat, deviations};
use wharf_wire::oci::route::Route;

/// The methods that make sense at a path, for `Allow`.
pub(super) fn allowed(route: &Route, compat: Compat) -> &'static str {
    match route {
        Route::Blob(..) if deviations::BLOB_DELETE.applies(compat) => "GET, HEAD, DELETE",
        Route::Base | Route::Blob(..) | Route::Tags(_) | Route::Referrers(..) | Route::Catalog => {
            "GET, HEAD"
        }
        Route::Manifest(..) => "GET, HEAD, PUT, DELETE",
        Route::Uploads(_) => "POST",
        Route::Upload(..) => "GET, PATCH, PUT, DELETE",
    }
}

/// The IAM action that is decided on, for the log; `None` where the method is not served.
///
/// Source: ecr.md 6.2; design: status and cancel of an upload are `UploadLayerPart`.
pub(super) fn action(route: &Route, method: &Method, compat: Compat) -> Option<&'static str> {
    let reads = method == Method::GET || method == Method::HEAD;
    match (route, method) {
        (Route::Base, _) if reads => Some("v2"),
        (Route::Tags(_), _) if reads => Some("ecr:ListImages"),
        (Route::Catalog, _) if reads => Some("ecr:DescribeRepositories"),
        (Route::Referrers(..) | Route::Manifest(..), _) if reads => Some("ecr:BatchGetImage"),
        (Route::Manifest(..), &Method::PUT) => Some("ecr:PutImage"),
        (Route::Manifest(..), &Method::DELETE) => Some("ecr:BatchDeleteImage"),
        (Route::Blob(..), &Method::DELETE) if deviations::BLOB_DELETE.applies(compat) => {
            Some("ecr:BatchDeleteImage")
        }
        (Route::Blob(..), &Method::HEAD) => Some("ecr:BatchCheckLayerAvailability"),
        (Route::Blob(..), &Method::GET) => Some("ecr:GetDownloadUrlForLayer"),
        (Route::Uploads(_), &Method::POST) => Some("ecr:InitiateLayerUpload"),
        (Route::Upload(..), &Method::GET | &Method::PATCH | &Method::DELETE) => {
            Some("ecr:UploadLayerPart")
        }
        (Route::Upload(..), &Method::PUT) => Some("ecr:CompleteLayerUpload"),
        _ => None,
    }
}
