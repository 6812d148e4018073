//! Ports that talk to each other on this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use super::*;

const LINE: Line = Line::n81(19_200);

/// Runs a test on a runtime of its own; one that hangs fails.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), test).await.expect("in time") })
}

async fn open(url: &str) -> Port {
    Port::open(&url.parse().expect(url), LINE).await.expect(url)
}

/// The address of a listening port.
fn address(port: &Port) -> String {
    let far_end = port.far_end().expect("an address").display().to_string();
    far_end.split_once("://").expect("a scheme").1.to_owned()
}

async fn bytes(port: &mut Port, count: usize) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 64];
    while all.len() < count {
        match port.listen(&mut buffer).await {
            Heard::Bytes(count) => all.extend(&buffer[..count]),
            Heard::Opened | Heard::Closed => {}
            Heard::Gone(why) => panic!("gone: {why}"),
        }
    }
    all
}

#[test]
fn a_port_is_one_port_however_it_is_spelled() {
    run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let run = folder.path().join("run");
        std::fs::create_dir(&run).expect("a folder");
        std::os::unix::fs::symlink(&run, folder.path().join("also")).expect("a link");
        let url = |rest: &str| format!("pty:{}/{rest}", folder.path().display());
        let first = open(&url("run/lamps")).await;
        for other in ["run/../run/lamps", "also/lamps", "run//lamps"] {
            let refused = Port::open(&url(other).parse().expect("a url"), LINE).await;
            assert!(refused.is_err_and(|error| error.to_string().contains("in use by")), "{other}");
        }
        assert!(run.join("lamps").exists(), "the link still leads to the first");
        drop(first);

        let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = server.local_addr().expect("its address").port();
        let _first = open(&format!("tcp://127.0.0.1:{port}")).await;
        let refused = Port::open(&format!("tcp://localhost:{port}").parse().expect("a url"), LINE).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("in use by")));
    });
}

#[test]
fn two_rigs_talk_over_rfc_2217_whatever_the_bytes() {
    run(async {
        let mut there = open("rfc2217-listen://:0").await;
        let url = format!("rfc2217://{}", address(&there));
        let all: Vec<u8> = (0..=255).chain([255, 255, 240, 13, 0]).collect();
        let mut to_here = there.sender().expect("a sender");
        // The client waits for answers that the server gives while it listens.
        let mut buffer = [0; 64];
        let opening = open(&url);
        tokio::pin!(opening);
        let mut here = loop {
            tokio::select! {
                here = &mut opening => break here,
                heard = there.listen(&mut buffer) => assert_eq!(heard, Heard::Opened),
            }
        };
        assert_eq!(there.wrong_baud(), None);
        let mut to_there = here.sender().expect("a sender");
        assert_eq!(to_there.send(&all).expect("sent"), all.len());
        assert_eq!(to_here.send(&all).expect("sent"), all.len());
        assert_eq!(bytes(&mut there, all.len()).await, all);
        assert_eq!(bytes(&mut here, all.len()).await, all);
        drop((here, to_there));
        assert_eq!(there.listen(&mut [0; 64]).await, Heard::Closed);
        assert_eq!(to_here.send(b"nobody is there").expect("no trouble"), 15);
    });
}

#[test]
fn a_second_client_is_refused_and_a_lost_one_may_come_back() {
    run(async {
        let mut there = open("tcp-listen://:0").await;
        let mut buffer = [0; 64];
        let first = TcpStream::connect(address(&there)).expect("connected");
        assert_eq!(there.listen(&mut buffer).await, Heard::Opened);
        let mut second = tokio::net::TcpStream::connect(address(&there)).await.expect("connected");
        (&first).write_all(b"first").expect("written");
        assert_eq!(bytes(&mut there, 5).await, b"first");
        let mut refused = [0; 8];
        tokio::select! {
            heard = there.listen(&mut buffer) => panic!("{heard:?}"),
            read = second.read(&mut refused) => assert_eq!(read.expect("closed by the port"), 0),
        }
        drop(first);
        assert_eq!(there.listen(&mut buffer).await, Heard::Closed);
        let again = TcpStream::connect(address(&there)).expect("connected");
        assert_eq!(there.listen(&mut buffer).await, Heard::Opened);
        there.sender().expect("a sender").send(b"back").expect("sent");
        let mut four = [0; 4];
        (&again).read_exact(&mut four).expect("read");
        assert_eq!(&four, b"back");
    });
}

#[test]
fn a_client_that_has_said_all_still_hears_the_answer() {
    run(async {
        let mut there = open("tcp-listen://:0").await;
        let mut client = TcpStream::connect(address(&there)).expect("connected");
        client.write_all(b"question").expect("written");
        client.shutdown(std::net::Shutdown::Write).expect("closed one way");
        let mut buffer = [0; 64];
        assert_eq!(bytes(&mut there, 8).await, b"question");
        assert_eq!(there.listen(&mut buffer).await, Heard::Closed);
        assert!(!there.is_far_end_open());
        let mut sender = there.sender().expect("a sender");
        assert_eq!(sender.send(b"answer").expect("sent"), 6);
        let mut answer = [0; 6];
        client.read_exact(&mut answer).expect("read");
        assert_eq!(&answer, b"answer");
        // The next one gets the port at once.
        let mut next = TcpStream::connect(address(&there)).expect("connected");
        assert_eq!(there.listen(&mut buffer).await, Heard::Opened);
        assert_eq!(client.read(&mut answer).expect("closed by the port"), 0);
        sender.send(b"to you").expect("sent");
        next.read_exact(&mut answer).expect("read");
        assert_eq!(&answer, b"to you");
    });
}

#[test]
fn a_client_that_sets_another_line_is_noticed() {
    run(async {
        let mut there = open("rfc2217-listen://:0").await;
        let mut client = TcpStream::connect(address(&there)).expect("connected");
        assert_eq!(there.listen(&mut [0; 64]).await, Heard::Opened);
        client.write_all(b"\xff\xfb\x2c\xff\xfa\x2c\x01\x00\x00\x25\x80\xff\xf0x").expect("written");
        assert_eq!(bytes(&mut there, 1).await, b"x");
        assert_eq!(there.wrong_baud(), Some(9_600));
        client
            .write_all(b"\xff\xfa\x2c\x01\x00\x00\x4b\x00\xff\xf0\xff\xfa\x2c\x03\x03\xff\xf0y")
            .expect("written");
        assert_eq!(bytes(&mut there, 1).await, b"y");
        assert_eq!(there.wrong_baud(), Some(19_200), "its parity is another");
        client.write_all(b"\xff\xfa\x2c\x03\x01\xff\xf0z").expect("written");
        assert_eq!(bytes(&mut there, 1).await, b"z");
        assert_eq!(there.wrong_baud(), None);
    });
}

#[test]
fn a_raw_port_is_no_port_server_and_says_so() {
    run(async {
        let raw = open("tcp-listen://:0").await;
        let url = format!("rfc2217://{}", address(&raw)).parse().expect("a port");
        let error = Port::open(&url, LINE).await.expect_err("nobody speaks Telnet there").to_string();
        assert!(error.contains("tcp://"), "{error}");
    });
}

#[test]
fn a_server_that_has_a_client_already_is_named_as_the_cause() {
    run(async {
        let mut there = open("rfc2217-listen://:0").await;
        let _first = TcpStream::connect(address(&there)).expect("connected");
        let mut buffer = [0; 64];
        assert_eq!(there.listen(&mut buffer).await, Heard::Opened);
        let url = format!("rfc2217://{}", address(&there)).parse().expect("a port");
        let opening = Port::open(&url, LINE);
        tokio::select! {
            heard = there.listen(&mut buffer) => panic!("{heard:?}"),
            port = opening => {
                let error = port.expect_err("refused").to_string();
                assert!(error.contains("another client"), "{error}");
            }
        }
    });
}

#[test]
fn a_peer_that_does_not_read_costs_frames_and_not_their_borders() {
    run(async {
        let mut there = open("rfc2217-listen://:0").await;
        let mut client = TcpStream::connect(address(&there)).expect("connected");
        assert_eq!(there.listen(&mut [0; 64]).await, Heard::Opened);
        let mut sender = there.sender().expect("a sender");
        let frame = [[0xff; 500], [0x7e; 500]].concat();
        let mut sent = 0;
        // Until frames are lost: the kernel's buffers are full.
        while sender.send(&frame).expect("sent") == frame.len() {
            sent += 1;
        }
        let reader = tokio::task::spawn_blocking(move || {
            let mut carried = vec![0; 15 + sent * 1_500];
            // It stays connected: closing would be heard.
            client.read_exact(&mut carried).map(|()| (carried, client))
        });
        let mut buffer = [0; 64];
        let (carried, _client) = tokio::select! {
            heard = there.listen(&mut buffer) => panic!("{heard:?}"),
            carried = reader => carried.expect("ended").expect("read"),
        };
        // 15 bytes of opening words; of each frame 500 bytes are doubled, and no frame is cut.
        let (words, frames) = carried.split_at(15);
        assert_eq!(words[0], 0xff);
        let doubled = [[0xff; 1_000].as_slice(), &[0x7e; 500]].concat();
        assert!(frames.chunks(1_500).all(|frame| frame == doubled));
    });
}

#[test]
fn whoever_listens_already_is_named() {
    run(async {
        let first = open("tcp-listen://:0").await;
        let port = address(&first).rsplit_once(':').expect("a port").1.to_owned();
        // On all addresses it is the same port; so is a port server.
        for url in [format!("tcp-listen://:{port}"), format!("rfc2217-listen://0.0.0.0:{port}")] {
            let error = Port::open(&url.parse().expect("a port"), LINE).await.expect_err("in use");
            assert_eq!(error.kind, Hindrance::Busy);
            assert!(error.what.contains(&format!("pid {}", std::process::id())), "{error}");
        }
        drop(first);
        open(&format!("tcp-listen://:{port}")).await;
    });
}

#[test]
fn what_stands_in_the_way_has_a_kind() {
    let folder = tempfile::tempdir().expect("a folder");
    let kind = |url: String| {
        let url: PortUrl = url.parse().expect("a port");
        run(async move { Port::open(&url, LINE).await.expect_err("no port").kind })
    };
    let shown = folder.path().display();
    assert_eq!(kind(format!("{shown}/none")), Hindrance::Missing);
    assert_eq!(kind("usb:ffff:fffe".to_owned()), Hindrance::Missing);
    assert!(matches!(kind(shown.to_string()), Hindrance::NoPort | Hindrance::Forbidden), "a folder");
    assert_eq!(kind("tcp://127.0.0.1:1".to_owned()), Hindrance::Unreachable);
}
