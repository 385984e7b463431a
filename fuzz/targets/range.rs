//! Ranges of bytes: of a download, and of a chunk. No range ends before it begins, and each renders back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wharf_wire::oci::range::{Part, chunk};

fuzz_target!(|header: &str| {
    let part = Part::parse(header);
    assert_eq!(part, Part::parse(header), "two readings differ");
    if let Some(part) = part {
        let (rendered, numbers) = match part {
            Part::From(first, Some(last)) => {
                assert!(first <= last, "it ends before it begins");
                (format!("bytes={first}-{last}"), 2)
            }
            Part::From(first, None) => (format!("bytes={first}-"), 1),
            Part::Last(count) => (format!("bytes=-{count}"), 1),
        };
        assert_eq!(Part::parse(&rendered), Some(part), "{rendered}");
        assert!(!header.contains(','), "several ranges are none");
        let given = header.split(|c: char| !c.is_ascii_digit());
        assert_eq!(given.filter(|digits| !digits.is_empty()).count(), numbers);
    }

    if let Some((first, last)) = chunk(header) {
        assert!(first <= last, "it ends before it begins");
        for form in [format!("{first}-{last}"), format!("bytes {first}-{last}/*")] {
            assert_eq!(chunk(&form), Some((first, last)), "{form}");
        }
        // Exact, where a download's numbers may be clamped.
        let digits = header.trim_start_matches("bytes ");
        let (given, _) = digits.split_once('-').expect("a range");
        assert_eq!(given.parse(), Ok(first));
    }
});
