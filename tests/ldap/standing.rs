use super::{
    directory::{APP_DN, APP_PASSWORD, Entry, HOST, JANES, with_directory},
    sign_in::sign_in,
};

#[test]
fn whoever_the_directory_locks_out_is_signed_out_here() {
    /* LD-19 */
    with_directory([Entry::jane()], &[], |app, native, directory| {
        let jane = || app.anonymous().with_token(sign_in(app, "jane", JANES).token());
        let is_in = |client: &crate::harness::Client<'_>| client.get("/api/v1/auths/").status == 200;
        let session = jane();
        native.pass_seconds(901);
        native.recognise();
        assert!(is_in(&session));
        directory.become_that_of([Entry::jane().with("userAccountControl", "514")]);
        native.recognise();
        assert!(is_in(&session), "not again within a quarter of an hour");
        native.pass_seconds(901);
        native.recognise();
        assert_eq!(session.get("/api/v1/auths/").status, 401);
        assert_eq!(sign_in(app, "jane", JANES).detail(), "Authentication failed.");

        directory.become_that_of([Entry::jane()]);
        let session = jane();
        directory.become_that_of([]);
        native.pass_seconds(901);
        native.recognise();
        assert!(!is_in(&session), "somebody who is not there any more");

        directory.become_that_of([Entry::jane()]);
        let session = jane();
        directory.become_that_of([Entry::jane().without("objectClass")]);
        native.pass_seconds(901);
        native.recognise();
        assert!(!is_in(&session), "somebody of whom the rest of the filter is not true any more");

        directory.become_that_of([Entry::jane()]);
        let session = jane();
        native.pass_seconds(901);
        native.ports.serve_directory(HOST, |_| Vec::new());
        native.recognise();
        assert!(is_in(&session), "silence says nothing about anybody");
        assert_eq!(native.ports.open_directory_connections(), 0);
    });
}

#[test]
fn whoever_is_in_one_of_two_directories_of_a_tree_is_let_in() {
    /* LD-19 */
    let vars = [
        ("LDAP_SEARCH_BASE", "ou=people,dc=example,dc=com"),
        ("LDAP_URL", "ldaps://ldap.example.com"),
        ("LDAP_USER_SEARCH_BASE", "ou=staff,dc=example,dc=com"),
        ("LDAP_BIND_DN", APP_DN),
        ("LDAP_BIND_CREDENTIALS", APP_PASSWORD),
    ];
    let staff = Entry { dn: "ou=staff,dc=example,dc=com".into(), ..Entry::person("x", 9, "x") };
    let others = [staff, Entry::person("bob", 8, "b")];
    with_directory([Entry::jane()].into_iter().chain(others.clone()), &vars, |app, native, directory| {
        let session = app.anonymous().with_token(sign_in(app, "jane", JANES).token());
        native.pass_seconds(901);
        native.recognise();
        assert_eq!(session.get("/api/v1/auths/").status, 200);
        directory.become_that_of(others);
        native.pass_seconds(901);
        native.recognise();
        assert_eq!(session.get("/api/v1/auths/").status, 401);
    });
}
