//! Paths of the registry protocol: what is parsed renders to a path of the same form that parses to the same. And those
//! of layers' URLs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_wire::ids::RepositoryName;
use wharf_wire::layer_path::LayerPath;
use wharf_wire::oci::route::{MAX_PATH_BYTES, Route, RouteError};

fuzz_target!(|path: &str| {
    // Of a layer's URL there is one way to write the path.
    if let Some(layer) = LayerPath::parse(path) {
        assert_eq!(layer.to_string(), path);
    }
    let route = Route::parse(path);
    assert_eq!(route, Route::parse(path), "two readings differ");
    let route = match route {
        Ok(route) => route,
        Err(RouteError::Name(name)) => {
            assert!(RepositoryName::parse(&name).is_err());
            return;
        }
        Err(RouteError::Upload { id, .. } | RouteError::Tag(id)) => {
            assert!(!id.contains(['/', '\0', '\r', '\n']), "a part hides more");
            return;
        }
        Err(_) => return,
    };
    assert!(path.len() <= MAX_PATH_BYTES);
    let plain = path.to_ascii_lowercase();
    assert!(!plain.contains("%2f") && !plain.contains("%5c") && !plain.contains("%25"));
    let hidden = plain.replace("%2e", ".");
    assert!(hidden.split('/').all(|part| part != "." && part != ".."));
    let rendered = render(&route);
    assert_eq!(Route::parse(&rendered), Ok(route.clone()), "{rendered}");
    // Decoding alone leads from what came to what is meant; only the slash at the end may be left out.
    let decoded = percent_encoding::percent_decode_str(path)
        .decode_utf8()
        .expect("text");
    let meant = match route {
        Route::Base => "/",
        Route::Uploads(_) if !decoded.ends_with('/') => rendered.trim_end_matches('/'),
        _ => &rendered,
    };
    assert!(
        decoded == meant || (path.is_empty() && meant == "/"),
        "{decoded} is not {meant}"
    );
    if let Some(name) = route.repository() {
        assert_eq!(RepositoryName::parse(name.as_str()).as_ref(), Ok(name));
    }
});

fn render(route: &Route) -> String {
    match route {
        Route::Base => "/".to_owned(),
        Route::Manifest(name, reference) => format!("/{name}/manifests/{reference}"),
        Route::Blob(name, digest) => format!("/{name}/blobs/{digest}"),
        Route::Uploads(name) => format!("/{name}/blobs/uploads/"),
        Route::Upload(name, id) => format!("/{name}/blobs/uploads/{id}"),
        Route::Tags(name) => format!("/{name}/tags/list"),
        Route::Referrers(name, digest) => format!("/{name}/referrers/{digest}"),
        Route::Catalog => "/_catalog".to_owned(),
    }
}
