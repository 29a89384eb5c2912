use super::{
    directory::{Entry, HOST, JANES, with_directory},
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
        native.pass_seconds(901);
        native.ports.serve_directory(HOST, |_| Vec::new());
        native.recognise();
        assert!(is_in(&session), "silence says nothing about anybody");
        assert_eq!(native.ports.open_directory_connections(), 0);
    });
}
