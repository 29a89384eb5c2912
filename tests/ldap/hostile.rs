use core::{cell::Cell, time::Duration};

use portico_core::memory::{Heard, Reaction};
use rasn_ldap::ResultCode;

use super::{
    directory::{BASE, Directory, Entry, HOST, JANES, bind_response, done, entry, extended, with_directory},
    sign_in::sign_in,
};
use crate::harness::Native;

const UNREACHABLE: &str = "LDAP authentication failed.";
const GENERIC: &str = "Authentication failed.";

/// Lets the server do something else at one moment: when somebody connects (0), or when it has heard that many requests.
fn spoil(
    native: &Native,
    directory: &Directory,
    at: usize,
    spoilt: impl Fn(Vec<Vec<u8>>) -> Vec<Reaction> + 'static,
) {
    let (directory, heard_so_far) = (directory.clone(), Cell::new(0));
    native.ports.serve_directory(HOST, move |heard| match heard {
        Heard::Connection => {
            heard_so_far.set(0);
            if at == 0 { spoilt(Vec::new()) } else { Vec::new() }
        }
        Heard::Tls => Vec::new(),
        Heard::Bytes(bytes) => {
            heard_so_far.set(heard_so_far.get() + 1);
            let answers = directory.answer(bytes);
            match heard_so_far.get() == at {
                true => spoilt(answers),
                false => answers.into_iter().map(Reaction::Say).collect(),
            }
        }
    });
}

/// The requests of a sign-in: the service's bind, the search, Jane's bind.
const REQUESTS: usize = 3;

fn is_unreachable(native: &Native, app: &crate::harness::TestApp, what: &str) {
    let before = native.ports.waited_for_directories();
    let answer = sign_in(app, "jane", JANES);
    assert_eq!((answer.status, answer.detail().as_str()), (400, UNREACHABLE), "{what}");
    assert!(native.ports.waited_for_directories() - before <= Duration::from_secs(10), "{what}");
    assert_eq!(native.ports.open_directory_connections(), 0, "{what}");
    // Other people's attempts are none of this one's.
    native.pass_seconds(200);
}

#[test]
fn a_directory_that_hangs_costs_ten_seconds_at_most_and_no_connection() {
    /* LD-11, FT-14 */
    with_directory([Entry::jane()], &[], |app, native, directory| {
        for at in 0..=REQUESTS {
            spoil(native, directory, at, move |_| match at {
                0 => vec![Reaction::Wait(Duration::from_secs(3_600))],
                _ => Vec::new(),
            });
            let before = native.ports.waited_for_directories();
            is_unreachable(native, app, &format!("silent after {at}"));
            let waited = native.ports.waited_for_directories() - before;
            assert_eq!(waited.as_secs(), if at == 0 { 3 } else { 5 }, "{at}");
        }
    });
}

#[test]
fn a_directory_that_drips_is_given_up_like_one_that_hangs() {
    /* LD-11 */
    with_directory([Entry::jane()], &[], |app, native, directory| {
        for at in 1..=REQUESTS {
            spoil(native, directory, at, |answers| {
                let bytes = answers.concat();
                bytes
                    .into_iter()
                    .flat_map(|byte| [Reaction::Wait(Duration::from_secs(1)), Reaction::Say(vec![byte])])
                    .collect()
            });
            is_unreachable(native, app, &format!("dripping after {at}"));
        }
        // Entries that never end, each in time.
        spoil(native, directory, 2, |_| {
            let reference = &[0x30, 0x0d, 2, 1, 2, 0x73, 8, 4, 6, b'l', b'd', b'a', b'p', b':', b'/'][..];
            (0..600)
                .flat_map(|_| [Reaction::Wait(Duration::from_secs(1)), Reaction::Say(reference.to_vec())])
                .collect()
        });
        is_unreachable(native, app, "endless");
    });
}

#[test]
fn a_directory_that_hangs_up_or_babbles_is_no_directory() {
    /* LD-10, LD-12 */
    let nested = (0..20).fold(vec![2, 1, 2], |inner: Vec<u8>, _| {
        [&[0x30, u8::try_from(inner.len()).unwrap()], inner.as_slice()].concat()
    });
    let values = [&[0x30, 0x82, 0x07, 0xd2][..], &[4, 0].repeat(1_001)].concat();
    let babble: Vec<(&str, Vec<u8>)> = vec![
        ("indefinite", vec![0x30, 0x80, 2, 1, 1, 0, 0]),
        ("huge", vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]),
        ("long", vec![0x30, 0x85, 0, 0, 0, 0, 1]),
        ("deep", nested),
        ("wide", values),
        ("http", b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        ("tls", vec![0x15, 3, 1, 0, 2, 2, 40]),
        ("empty", vec![0x30, 0]),
        ("half", vec![0x30, 3, 2, 1]),
        ("an answer to nothing", bind_response(77, ResultCode::Success, "")),
        ("a notice of disconnection", extended(0, ResultCode::Unavailable)),
        ("another kind of answer", extended(1, ResultCode::Success)),
    ];
    with_directory([Entry::jane()], &[], |app, native, directory| {
        for at in 1..=REQUESTS {
            for (what, bytes) in babble.clone() {
                let bytes = bytes.clone();
                spoil(native, directory, at, move |_| vec![Reaction::Say(bytes.clone()), Reaction::HangUp]);
                is_unreachable(native, app, &format!("{what} after {at}"));
            }
            spoil(native, directory, at, |_| vec![Reaction::HangUp]);
            is_unreachable(native, app, &format!("hung up after {at}"));
            spoil(native, directory, at, |answers| {
                let bytes = answers.concat();
                vec![Reaction::Say(bytes[..bytes.len() / 2].to_vec()), Reaction::HangUp]
            });
            is_unreachable(native, app, &format!("half an answer after {at}"));
        }
    });
}

#[test]
fn success_for_somebody_else_is_no_success() {
    /* LD-02, LD-05, LD-15 */
    let person = |dn: &str, uid: &str| entry(2, dn, Entry::jane().without("uid").with("uid", uid).attributes);
    let dn = format!("uid=jane,ou=people,{BASE}");
    let searches: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("nobody", vec![done(2, ResultCode::Success)]),
        ("somebody else", vec![person(&dn, "joe"), done(2, ResultCode::Success)]),
        ("somebody with more to the name", vec![person(&dn, "jane2"), done(2, ResultCode::Success)]),
        ("two", vec![person(&dn, "jane"), person(&dn, "jane"), done(2, ResultCode::Success)]),
        ("one of several", vec![person(&dn, "jane"), done(2, ResultCode::SizeLimitExceeded)]),
        ("one of an endless row", vec![person(&dn, "jane"); 50]),
        ("a refusal", vec![done(2, ResultCode::InsufficientAccessRights)]),
        ("a referral", vec![done(2, ResultCode::Referral)]),
        ("no such base", vec![done(2, ResultCode::NoSuchObject)]),
    ];
    with_directory([Entry::jane()], &[], |app, native, directory| {
        for (what, answers) in searches {
            let answers = answers.clone();
            spoil(native, directory, 2, move |_| answers.iter().cloned().map(Reaction::Say).collect());
            let answer = sign_in(app, "jane", JANES);
            assert_eq!((answer.status, answer.detail().as_str()), (400, GENERIC), "{what}");
            assert_eq!(native.ports.open_directory_connections(), 0, "{what}");
            native.pass_seconds(200);
        }
        // An entry without a name would bind nobody.
        let nameless = person("", "jane");
        spoil(native, directory, 2, move |_| {
            vec![Reaction::Say(nameless.clone()), Reaction::Say(done(2, ResultCode::Success))]
        });
        is_unreachable(native, app, "no name");
    });
}

#[test]
fn every_way_to_refuse_a_password_is_one_answer() {
    /* LD-13 */
    let codes = [
        ResultCode::SaslBindInProgress,
        ResultCode::Referral,
        ResultCode::NoSuchObject,
        ResultCode::InvalidCredentials,
        ResultCode::InsufficientAccessRights,
        ResultCode::UnwillingToPerform,
        ResultCode::ConstraintViolation,
        ResultCode::InappropriateAuthentication,
    ];
    with_directory([Entry::jane()], &[], |app, native, directory| {
        for code in codes {
            let said =
                "80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839";
            spoil(native, directory, 3, move |_| vec![Reaction::Say(bind_response(3, code, said))]);
            let answer = sign_in(app, "jane", JANES);
            assert_eq!((answer.status, answer.detail().as_str()), (400, GENERIC), "{code:?}");
            let detail = native.ports.audit_events().pop().unwrap().detail.unwrap();
            assert!(detail.contains("data 533"), "{detail}");
            native.pass_seconds(200);
        }
        // Busy is not wrong.
        spoil(native, directory, 3, |_| vec![Reaction::Say(bind_response(3, ResultCode::Busy, ""))]);
        is_unreachable(native, app, "busy");
        spoil(native, directory, 1, |_| {
            vec![Reaction::Say(bind_response(1, ResultCode::InvalidCredentials, ""))]
        });
        assert_eq!(sign_in(app, "jane", JANES).detail(), "Application account bind failed");
    });
}

#[test]
fn a_search_for_groups_that_breaks_off_changes_no_membership() {
    /* LD-11 */
    let group = |name: &str| {
        Entry { dn: format!("cn={name},ou=groups,{BASE}"), password: None, attributes: Vec::new() }
            .with("cn", name)
            .with("memberUid", "jane")
    };
    let vars = [
        ("ENABLE_LDAP_GROUP_MANAGEMENT", "true"),
        ("ENABLE_LDAP_GROUP_CREATION", "true"),
        ("LDAP_GROUP_SEARCH_BASE", "ou=groups,dc=example,dc=com"),
    ];
    with_directory([Entry::jane(), group("One"), group("Two")], &vars, |app, native, directory| {
        let signed_in = sign_in(app, "jane", JANES);
        let (jane, id) = (app.anonymous().with_token(signed_in.token()), signed_in.json()["id"].clone());
        let path = format!("/api/v1/users/{}/groups", id.as_str().unwrap());
        let count = || jane.get(&path).json().as_array().unwrap().len();
        assert_eq!(count(), 2);
        type Spoil = fn(Vec<Vec<u8>>) -> Vec<Reaction>;
        let spoilt: [(usize, Spoil); 5] = [
            (4, |_| vec![Reaction::HangUp]),
            (5, |answers| vec![Reaction::Say(answers[0].clone()), Reaction::HangUp]),
            (5, |answers| vec![Reaction::Say(answers[0].clone())]),
            (5, |answers| {
                vec![Reaction::Say(answers[0].clone()), Reaction::Say(done(5, ResultCode::SizeLimitExceeded))]
            }),
            (5, |answers| vec![Reaction::Say(answers[0].clone()); 10_000]),
        ];
        for (place, (at, reactions)) in spoilt.into_iter().enumerate() {
            spoil(native, directory, at, reactions);
            assert_eq!((sign_in(app, "jane", JANES).status, count()), (200, 2), "{place}");
            assert_eq!(native.ports.open_directory_connections(), 0, "{place}");
        }
    });
}

#[test]
fn what_is_not_followed_is_not_asked() {
    /* LD-12 */
    with_directory([Entry::jane()], &[], |app, native, directory| {
        spoil(native, directory, 2, |mut answers| {
            // `ldap://other.example.com/`, as Active Directory adds it to whatever it finds.
            let url = b"ldap://other.example.com/";
            let length = u8::try_from(url.len()).unwrap();
            let reference = [&[0x30, length + 7, 2, 1, 2, 0x73, length + 2, 4, length][..], url].concat();
            answers.insert(0, reference);
            answers.into_iter().map(Reaction::Say).collect()
        });
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
        assert_eq!(native.ports.asked_directories(), [HOST]);
    });
}

#[test]
fn start_tls_comes_before_everything_and_nothing_is_believed_that_came_before_it() {
    /* LD-07, LD-09 */
    let vars = [("LDAP_STARTTLS", "true")];
    with_directory([Entry::jane()], &vars, |app, native, directory| {
        assert_eq!(sign_in(app, "jane", JANES).status, 200);
        assert_eq!(native.ports.asked_directories(), [HOST]);
        let asked = directory.asked.borrow().len();
        let refusals: Vec<(&str, Vec<Reaction>)> = vec![
            ("refused", vec![Reaction::Say(extended(1, ResultCode::ProtocolError))]),
            (
                "said too much",
                vec![Reaction::Say(
                    [extended(1, ResultCode::Success), bind_response(2, ResultCode::Success, "")].concat(),
                )],
            ),
        ];
        for (what, reactions) in refusals {
            let reactions = reactions.clone();
            spoil(native, directory, 1, move |_| reactions.clone());
            is_unreachable(native, app, what);
        }
        let between = directory.clone();
        native.ports.serve_directory(HOST, move |heard| match heard {
            Heard::Connection => Vec::new(),
            Heard::Tls => vec![Reaction::Refuse],
            Heard::Bytes(bytes) => between.answer(bytes).into_iter().map(Reaction::Say).collect(),
        });
        is_unreachable(native, app, "TLS failed");
        assert_eq!(directory.asked.borrow().len(), asked, "nothing was bound, nothing searched");
    });
}
