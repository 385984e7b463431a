use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

fn frames_of(sealed: &[u8]) -> Vec<Vec<u8>> {
    sealed[HEADER..]
        .chunks(FRAME + TAG)
        .map(<[u8]>::to_vec)
        .collect()
}

#[test]
fn every_length_around_a_frame_comes_back_and_has_the_length_foretold() {
    let key = DataKey::generate().unwrap();
    for length in [
        0,
        1,
        65_536,
        FRAME - 1,
        FRAME,
        FRAME + 1,
        2 * FRAME,
        2 * FRAME + 7,
    ] {
        let plain = bytes(length);
        let sealed = seal_all(&key, &plain).unwrap();
        assert_eq!(sealed.len() as u64, sealed_len(length as u64), "{length}");
        assert!(open_all(&key, &sealed).unwrap() == plain, "{length}");
    }
}

#[test]
fn another_key_is_refused_at_the_header() {
    let sealed = seal_all(&DataKey::generate().unwrap(), b"a layer").unwrap();
    let other = DataKey::generate().unwrap();
    assert!(matches!(
        Opener::new(&other, &sealed[..HEADER]),
        Err(Error::Damaged)
    ));
    assert!(matches!(open_all(&other, &sealed), Err(Error::Damaged)));
}

#[test]
fn cutting_off_frames_is_detected_at_every_boundary() {
    let key = DataKey::generate().unwrap();
    let sealed = seal_all(&key, &bytes(3 * FRAME)).unwrap();
    for frames in 0..3 {
        assert!(
            open_all(&key, &sealed[..HEADER + frames * (FRAME + TAG)]).is_err(),
            "{frames}"
        );
    }
    for cut in [0, HEADER - 1, HEADER + 1, HEADER + TAG, sealed.len() - 1] {
        assert!(open_all(&key, &sealed[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn frames_open_only_in_their_own_place_and_object() {
    let key = DataKey::generate().unwrap();
    let (one, other) = (
        seal_all(&key, &bytes(3 * FRAME)).unwrap(),
        seal_all(&key, &bytes(3 * FRAME)).unwrap(),
    );
    let (frames, foreign) = (frames_of(&one), frames_of(&other));
    let opener = Opener::new(&key, &one[..HEADER]).unwrap();
    for (index, frame) in (0..).zip(&frames) {
        for place in 0..3 {
            assert_eq!(
                opener
                    .open_frame(place, Last::from(place == 2), frame)
                    .is_ok(),
                place == index
            );
        }
        assert!(
            opener
                .open_frame(index, Last::from(index != 2), frame)
                .is_err(),
            "the end cannot be moved"
        );
        assert!(
            opener
                .open_frame(
                    index,
                    Last::from(index == 2),
                    &foreign[usize::try_from(index).unwrap()]
                )
                .is_err()
        );
    }
}

#[test]
fn nothing_is_sealed_after_the_last_frame_nor_a_short_one_before_it() {
    let key = DataKey::generate().unwrap();
    let mut sealer = Sealer::new(&key).unwrap();
    assert!(matches!(
        sealer.seal_frame(b"short", Last::No),
        Err(Error::Misfit)
    ));
    assert!(matches!(
        sealer.seal_frame(&bytes(FRAME + 1), Last::Yes),
        Err(Error::Misfit)
    ));
    sealer.seal_frame(&bytes(FRAME), Last::No).unwrap();
    sealer.seal_frame(b"short", Last::Yes).unwrap();
    assert!(matches!(
        sealer.seal_frame(b"more", Last::Yes),
        Err(Error::Misfit)
    ));
}

#[test]
fn an_unknown_format_is_named() {
    let key = DataKey::generate().unwrap();
    let mut sealed = seal_all(&key, b"a layer").unwrap();
    sealed[8] = 2;
    assert!(matches!(open_all(&key, &sealed), Err(Error::Version(2))));
    sealed[0] = b'W';
    assert!(matches!(open_all(&key, &sealed), Err(Error::Damaged)));
}

#[test]
fn no_two_objects_of_one_data_key_share_a_salt_and_so_no_frame_key_and_nonce_repeat() {
    let key = DataKey::generate().unwrap();
    // The frame key is a function of data key and header; within an object the nonce is a function of the number.
    let headers: Vec<_> = (0..2_000)
        .map(|_| *Sealer::for_object(&key, [7; 16]).unwrap().header())
        .collect();
    let salts: HashSet<_> = headers
        .iter()
        .map(|header| header[32..64].to_vec())
        .collect();
    let commitments: HashSet<_> = headers.iter().map(|header| header[64..].to_vec()).collect();
    assert_eq!((salts.len(), commitments.len()), (2_000, 2_000));
    let nonces: HashSet<_> = (0..1_000_u32)
        .flat_map(|index| [nonce(index, Last::No), nonce(index, Last::Yes)])
        .map(|nonce| *nonce.as_ref())
        .collect();
    assert_eq!(nonces.len(), 2_000);
}

#[test]
fn the_header_tells_its_object() {
    let key = DataKey::generate().unwrap();
    let sealer = Sealer::for_object(&key, [9; 16]).unwrap();
    assert_eq!(
        Opener::new(&key, sealer.header()).unwrap().object(),
        &[9; 16]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_altered_bit_goes_unnoticed(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let key = DataKey::generate().unwrap();
        let mut sealed = seal_all(&key, &bytes(FRAME + 100)).unwrap();
        let at = at.index(sealed.len());
        sealed[at] ^= 1 << bit;
        prop_assert!(open_all(&key, &sealed).is_err());
    }

    #[test]
    fn a_range_is_opened_from_the_frames_it_touches_alone(
        length in 0..3 * FRAME + 5,
        start in 0..3 * FRAME as u64 + 50,
        wanted in 0..2 * FRAME as u64,
    ) {
        let key = DataKey::generate().unwrap();
        let plain = bytes(length);
        let sealed = seal_all(&key, &plain).unwrap();
        let opener = Opener::new(&key, &sealed[..HEADER]).unwrap();
        let layout = opener.layout(length as u64);
        let range = start.min(length as u64)..start.saturating_add(wanted).min(length as u64);
        let mut opened = Vec::new();
        for index in layout.touched(&range) {
            let place = layout.place_of(index);
            let frame = &sealed[usize::try_from(place.start).unwrap()..usize::try_from(place.end).unwrap()];
            let frame = opener.open_frame(index, Last::from(layout.is_last(index)), frame).unwrap();
            let held = layout.plain_of(index);
            prop_assert_eq!(frame.len() as u64, held.end - held.start);
            let from = range.start.max(held.start) - held.start;
            let to = range.end.min(held.end) - held.start;
            prop_assert!(from < to, "a frame that holds nothing of the range was touched");
            opened.extend_from_slice(&frame[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()]);
        }
        let expected = &plain[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
        prop_assert!(opened == expected);
    }

    #[test]
    fn places_follow_each_other_and_end_with_the_object(plain in 0..u64::from(u32::MAX) * 4) {
        let layout = Layout::new(plain);
        let last = layout.frames() - 1;
        prop_assert_eq!(layout.place_of(0).start, HEADER as u64);
        prop_assert_eq!(layout.place_of(last).end, layout.sealed_len());
        prop_assert!(layout.is_last(last) && !layout.is_last(last + 1));
        if last > 0 {
            prop_assert_eq!(layout.place_of(last - 1).end, layout.place_of(last).start);
        }
    }
}
