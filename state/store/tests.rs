//! The store against a plain map, in memory and on disk; what it keeps in memory, and what a crash leaves.

use super::*;
use crate::ahead::CHUNK;
use crate::layer::WALKS;
use proptest::prelude::*;

/// Keys are (table, number): a table that is seldom walked is found by key alone, others are kept in order too.
type Short = (u8, u8);

#[derive(Clone, Debug)]
enum Step {
    Set(Short, Option<u8>),
    Walk(Short, Short),
    Freeze,
    Land,
    Settle,
    Undone(Vec<(Short, Option<u8>)>),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || (1u8..4, 0u8..6);
    let row = move || (key(), proptest::option::of(any::<u8>()));
    prop_oneof![
        12 => row().prop_map(|(key, value)| Step::Set(key, value)),
        2 => (key(), key()).prop_map(|(from, to)| Step::Walk(from, to)),
        2 => Just(Step::Freeze),
        2 => Just(Step::Land),
        2 => Just(Step::Settle),
        1 => proptest::collection::vec(row(), 0..4).prop_map(Step::Undone),
    ]
}

fn raw((table, number): Short) -> Vec<u8> {
    vec![table, number]
}

fn check_walk(store: &Store, model: &Rows, from: Vec<u8>, to: Vec<u8>) {
    let range = Range { from: from.clone(), to: to.clone(), reverse: false };
    let inside = |key: &Vec<u8>| from <= *key && *key < to;
    let expected: Vec<_> = model.iter().filter(|(key, _)| inside(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    assert_eq!(store.range(&range).collect::<Vec<_>>(), expected);
    let mut backwards: Vec<_> = store.range(&range.reversed()).collect();
    backwards.reverse();
    assert_eq!(backwards, expected);
}

/// Runs the steps on a store and on a plain map, and compares what both hold after each.
fn check(mut store: Store, steps: Vec<Step>) {
    let mut model = Rows::new();
    let mut flying: Option<Frozen> = None;
    for step in steps {
        match step {
            Step::Set(key, value) => {
                store.set(raw(key), value.map(|value| vec![value]));
                match value {
                    Some(value) => drop(model.insert(raw(key), vec![value])),
                    None => drop(model.remove(&raw(key))),
                }
            }
            // Often enough, with the way back, that the tables are kept in order from here on.
            Step::Walk(from, to) => {
                for _ in 0..1 + from.1 % 2 * WALKS / 2 {
                    check_walk(&store, &model, raw(from), raw(to));
                }
            }
            Step::Freeze => flying = store.freeze().or(flying),
            Step::Land => {
                if let Some(frozen) = flying.take() {
                    let landed = frozen.write().unwrap();
                    drop(store.land(landed));
                }
            }
            Step::Settle => drop(store.kept.get_mut().settle(2)),
            Step::Undone(rows) => {
                let bytes = store.dirty_bytes();
                store.begin();
                rows.into_iter().for_each(|(key, value)| store.set(raw(key), value.map(|value| vec![value])));
                store.rollback();
                assert_eq!(store.dirty_bytes(), bytes);
            }
        }
        for key in (1..4).flat_map(|table| (0..6).map(move |number| vec![table, number])) {
            assert_eq!(store.get(&key), model.get(&key).cloned());
        }
    }
    check_walk(&store, &model, vec![1], vec![3]);
    check_walk(&store, &model, vec![1], vec![4]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_store_is_a_map_in_memory(steps in proptest::collection::vec(step(), 0..60)) {
        check(Store::memory(Arc::default()), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_store_is_a_map_on_disk(steps in proptest::collection::vec(step(), 0..60)) {
        let folder = tempfile::tempdir().unwrap();
        check(Store::open(&Env::new(8 << 20), &folder.path().join("s")).unwrap(), steps);
    }
}

#[test]
fn a_large_layer_lands_as_a_file_above_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (env, path) = (Env::new(8 << 20), folder.path().join("s"));
    let mut store = Store::open(&env, &path).unwrap();
    let mut model = Rows::new();
    for round in 1..4u8 {
        for number in (0..24_000u32).filter(|number| number % u32::from(round) == 0) {
            let key = [&[1], &number.to_be_bytes()[..]].concat();
            let value = (number % 7 != u32::from(round)).then(|| vec![round; 60]);
            store.set(key.clone(), value.clone());
            match value {
                Some(value) => drop(model.insert(key, value)),
                None => drop(model.remove(&key)),
            }
        }
        let is_large = store.dirty_bytes() > FILE_BYTES;
        store.flush().unwrap();
        assert!(is_large || round == 3, "the last round is small, and goes through the write buffer");
        check_walk(&store, &model, vec![1], vec![2]);
    }
    drop(store);
    let reopened = Store::open(&env, &path).unwrap();
    check_walk(&reopened, &model, vec![1], vec![2]);
    assert_eq!(reopened.get(&[1, 0, 0, 0, 1]), model.get(&[1, 0, 0, 0, 1][..]).cloned());
}

#[test]
fn a_landed_layer_is_there_after_a_crash_and_later_writes_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (env, path, copy) = (Env::new(8 << 20), folder.path().join("s"), folder.path().join("copy"));
    let mut store = Store::open(&env, &path).unwrap();
    assert!(!path.exists(), "a store without rows has no folder");
    store.set(vec![1], Some(vec![1]));
    store.flush().unwrap();
    store.set(vec![2], Some(vec![2]));
    // What a kill leaves behind is what stands in the folder now.
    std::fs::create_dir(&copy).unwrap();
    for entry in std::fs::read_dir(&path).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
    }
    let reopened = Store::open(&env, &copy).unwrap();
    assert_eq!((reopened.get(&[1]), reopened.get(&[2])), (Some(vec![1]), None));
}

#[test]
fn a_row_that_was_read_from_disk_is_kept_until_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = Store::open(&Env::new(8 << 20), &path).unwrap();
    (0..20u8).for_each(|key| store.set(vec![1, key], Some(vec![key])));
    store.flush().unwrap();
    drop(store);
    let mut store = Store::open(&Env::new(8 << 20), &path).unwrap();
    let is_kept = |key: u8| match store.kept.borrow_mut().find(Hashed::of(&[1, key])) {
        Found::Row(row) => Some(row.value().is_some()),
        Found::Absent => Some(false),
        Found::Unknown => None,
    };
    assert_eq!((store.get(&[1, 7]), store.get(&[1, 77])), (Some(vec![7]), None));
    assert_eq!((is_kept(7), is_kept(77)), (Some(true), None), "of what is not there nothing is kept");
    assert_eq!(store.load(&Range { from: vec![1, 3], to: vec![1, 5], reverse: false }).count(), 2);
    assert_eq!((2..6).map(is_kept).collect::<Vec<_>>(), [None, Some(true), Some(true), None]);
    assert_eq!(store.load(&Range { from: vec![1], to: vec![2], reverse: false }).count(), 20);
    assert_eq!((is_kept(2), is_kept(77)), (Some(true), Some(false)), "now it is known what is not there");
    for round in 0..16u8 {
        store.set(vec![1, 7], Some(vec![100, round]));
        assert_eq!(store.get(&[1, 7]), Some(vec![100, round]));
        store.flush().unwrap();
        assert_eq!((store.get(&[1, 7]), store.get(&[1, 8])), (Some(vec![100, round]), Some(vec![8])));
    }
}

#[test]
fn after_a_start_rows_come_back_bit_by_bit_and_a_table_that_is_there_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (env, path) = (Env::new(8 << 20), folder.path().join("s"));
    let mut store = Store::open(&env, &path).unwrap();
    for number in 0..2 * WARMED {
        (1..3u8).for_each(|table| store.set([&[table][..], &number.to_be_bytes()].concat(), Some(vec![7])));
    }
    store.flush().unwrap();
    drop(store);
    let mut store = Store::open(&env, &path).unwrap();
    assert_eq!(store.load(&Range { from: vec![1], to: vec![2], reverse: false }).count(), 2 * WARMED);
    // Nothing is in table 0; 1 is here, and 2 is read.
    let next = [&[2][..], &(WARMED - 1).to_be_bytes(), &[0]].concat();
    for (step, from) in [vec![1], vec![2], next, vec![3]].into_iter().enumerate() {
        store.settle();
        assert_eq!(store.warming, Some(from), "step {step}");
    }
}

#[test]
fn many_rows_are_read_ahead_in_either_direction_and_a_walk_may_be_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (env, path) = (Env::new(8 << 20), folder.path().join("s"));
    let rows: Vec<_> = (0..5 * CHUNK + 3).map(|number| ([&[1][..], &number.to_be_bytes()].concat(), vec![7])).collect();
    let mut store = Store::open(&env, &path).unwrap();
    rows.iter().for_each(|(key, value)| store.set(key.clone(), Some(value.clone())));
    store.flush().unwrap();
    let all = Range { from: vec![1], to: vec![2], reverse: false };
    for taken in [1, CHUNK, CHUNK + 1, 2 * CHUNK, rows.len()] {
        drop(store);
        // While a walk still reads the old one, it cannot be opened anew.
        store = Store::open(&env, &path).unwrap();
        assert!(store.load(&all).take(taken).eq(rows[..taken].iter().cloned()), "the first {taken}");
        let last = rows.iter().rev().take(taken).cloned();
        assert!(store.load(&all.clone().reversed()).take(taken).eq(last), "the last {taken}");
    }
}

#[test]
fn all_stores_together_keep_no_more_than_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 64 << 10;
    let env = Env::new(2 * limit);
    let used = || env.rows().used();
    let mut stores: Vec<Store> =
        (0..3).map(|number| Store::open(&env, &folder.path().join(number.to_string())).unwrap()).collect();
    let mut newest = 0;
    for round in 0..8u8 {
        for store in &mut stores {
            (0..100u8).for_each(|key| store.set(vec![1, key, round], Some(vec![key; 100])));
            store.flush().unwrap();
            let kept: usize = store.kept.get_mut().bytes();
            newest = newest.max(kept);
        }
    }
    assert!((limit / 2..limit + 3 * newest).contains(&used()), "{} of {limit}", used());
    (0..100u8).for_each(|key| assert_eq!(stores[0].get(&[1, key, 0]), Some(vec![key; 100])));
    assert!(used() < limit + 3 * newest, "what is read finds no room either: {}", used());
    drop(stores);
    assert_eq!(used(), 0);
}

#[test]
fn rows_of_cold_tables_do_not_stay_and_those_of_others_move_bit_by_bit() {
    const COLD: crate::table::Table<u8, u8> = crate::table::Table::primary(2, "cold").cold();
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&Env::new(8 << 20), &folder.path().join("s")).unwrap();
    store.know(&[COLD.def()]);
    for table in [1, 2] {
        (0..100u8).for_each(|key| store.set(vec![table, key], Some(vec![key])));
    }
    store.flush().unwrap();
    let before = store.kept.get_mut().bytes();
    store.kept.get_mut().settle(150);
    let between = store.kept.get_mut().bytes();
    assert!(between < before, "some rows of the cold table are gone");
    store.settle();
    assert_eq!(store.kept.get_mut().bytes(), before / 2);
    for table in [1, 2, 3] {
        let expected = |key: u8| (table < 3 && key < 100).then(|| vec![key]);
        (0..=255u8).for_each(|key| assert_eq!(store.get(&[table, key]), expected(key)));
    }
    assert_eq!(store.kept.get_mut().bytes(), before / 2, "what is read of it does not stay either");
}

#[test]
fn after_a_start_rows_come_back_into_memory_until_it_is_known_what_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut store = Store::open(&Env::new(8 << 20), &path).unwrap();
    let key = |number: u16| [&[1 + u8::from(number.is_multiple_of(3))], &number.to_be_bytes()[..]].concat();
    (0..2000).for_each(|number| store.set(key(number), Some(vec![1])));
    store.flush().unwrap();
    drop(store);
    let mut store = Store::open(&Env::new(8 << 20), &path).unwrap();
    let mut model: Rows = (0..2000).map(|number| (key(number), vec![1])).collect();
    let mut round = 0u16;
    while store.warming.is_some() {
        // Meanwhile some rows change, and some go.
        for number in [round * 7, round * 11 + 1] {
            let value = (number % 2 == 0).then(|| vec![2]);
            store.set(key(number), value.clone());
            model.remove(&key(number));
            model.extend(value.map(|value| (key(number), value)));
        }
        if round.is_multiple_of(5) {
            store.flush().unwrap();
        }
        store.settle();
        round += 1;
    }
    store.flush().unwrap();
    for number in 0..4000 {
        assert_eq!(store.get(&key(number)), model.get(&key(number)).cloned(), "{number}");
        assert!(!matches!(store.kept.borrow_mut().find(Hashed::of(&key(number))), Found::Unknown), "{number}");
    }
}

#[test]
fn a_row_that_is_taken_back_leaves_nothing_unless_it_was_frozen() {
    let mut store = Store::memory(Arc::default());
    store.set(vec![1], Some(vec![1]));
    store.begin();
    store.unset(vec![1]);
    assert_eq!((store.get(&[1]), store.dirty_bytes()), (None, 0));
    store.rollback();
    assert_eq!(store.get(&[1]), Some(vec![1]));
    let frozen = store.freeze().unwrap();
    store.unset(vec![1]);
    let landed = frozen.write().unwrap();
    drop(store.land(landed));
    assert_eq!(store.get(&[1]), None);
    store.flush().unwrap();
    assert_eq!(store.memory_rows().unwrap().len(), 0);
}

/// What is thrown by `read` of a store of so many rows of which one file has a wrong byte at this part of its length.
fn of_damaged(rows: u16, part: usize, read: fn(&Store)) -> (PathBuf, Damaged) {
    let folder = tempfile::tempdir().unwrap();
    let (env, path) = (Env::new(8 << 20), folder.path().join("s"));
    let mut store = Store::open(&env, &path).unwrap();
    for key in 0..rows {
        store.set([&[1][..], &key.to_be_bytes()].concat(), Some([key.to_be_bytes(); 50].concat()));
    }
    store.flush().unwrap();
    drop(store);
    let files = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let table = files.into_iter().find(|file| file.extension().is_some_and(|kind| kind == "sst")).unwrap();
    let mut bytes = std::fs::read(&table).unwrap();
    let at = bytes.len() * part / 100;
    bytes[at] ^= 0xff;
    std::fs::write(&table, bytes).unwrap();
    let error = std::panic::catch_unwind(|| read(&Store::open(&env, &path).unwrap())).unwrap_err();
    (path, error.downcast_ref::<Damaged>().expect("the panic says what is damaged").clone())
}

#[test]
fn a_damaged_file_is_named_and_not_served() {
    let all = |store: &Store| drop(store.load(&Range { from: vec![1], to: vec![2], reverse: false }).last());
    let one = |store: &Store| drop(store.get(&[1, 0, 7]));
    for (rows, part, read) in [(200, 5, one as fn(&Store)), (200, 5, all), (5000, 60, all)] {
        let (path, damaged) = of_damaged(rows, part, read);
        assert_eq!(damaged.path, path);
        assert!(damaged.reason.contains("Corruption"), "{}", damaged.reason);
    }
}
