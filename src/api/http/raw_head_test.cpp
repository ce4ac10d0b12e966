#include "api/http/raw_head.hpp"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

/// The status with which a head is refused, 0 if it is whole and taken, 1 if more is awaited.
unsigned verdict(std::string_view text) {
    HeadScanner scanner;
    const auto length = scanner.scan(text);
    if (!length) return length.error().status;
    if (*length == 0) return 1;
    const auto head = parse_head(text.substr(0, *length));
    return head ? 0 : head.error().status;
}

RequestHead parsed(std::string_view text) {
    auto head = parse_head(text);
    EXPECT_TRUE(head) << text;
    return std::move(*head);
}

std::string get(std::string_view target) {
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

std::string with(std::string_view header) {
    return "POST /a HTTP/1.1\r\nHost: x\r\n" + std::string{header} + "\r\n\r\n";
}

TEST(HeadScanner, FindsTheEndHoweverTheBytesCome) {
    const std::string text = get("/a") + "rest";
    HeadScanner scanner;
    for (std::size_t n = 0; n < text.size() - 4; ++n)
        ASSERT_EQ(scanner.scan(std::string_view{text}.substr(0, n)).value(), 0u) << n;
    EXPECT_EQ(scanner.scan(text).value(), text.size() - 4);
}

TEST(HeadScanner, RefusesAtTheFirstByteThatBelongsToNoHead) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\n"), 400u);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: x\n"), 400u);
    EXPECT_EQ(verdict("GET / HTTP/1.1\rHost"), 400u);
    EXPECT_EQ(verdict(std::string_view{"GET /\0", 6}), 400u);
    EXPECT_EQ(verdict("GET /\x7f"), 400u);
    EXPECT_EQ(verdict("\x16\x03\x01"), 400u);  // a TLS greeting on the plain port
    EXPECT_EQ(verdict("\r\n"), 400u);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: x\r\n"), 1u);
}

TEST(HeadScanner, BoundsUriAndHeaders) {
    EXPECT_EQ(verdict(get("/" + std::string(kUriMax - 1, 'a'))), 0u);
    EXPECT_EQ(verdict(get("/" + std::string(kUriMax, 'a'))), 414u);
    EXPECT_EQ(verdict("GET /" + std::string(100'000, 'a')), 414u);

    const auto headers = [](std::size_t bytes) {  // "Host: x", CRLF, "A: ...", CRLF, CRLF
        return "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(bytes - 16, 'a') + "\r\n\r\n";
    };
    EXPECT_EQ(verdict(headers(kHeadersMax)), 0u);
    EXPECT_EQ(verdict(headers(kHeadersMax + 4)), 431u);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(100'000, 'a')), 431u);
}

TEST(RawHead, PathIsDecodedAndEmptySegmentsDoNotCount) {
    EXPECT_EQ(parsed(get("//mine")).path(), "/mine");
    EXPECT_EQ(parsed(get("/mine/")).path(), "/mine");
    EXPECT_EQ(parsed(get("/")).path(), "/");
    EXPECT_EQ(parsed(get("/a%20b/%C3%A9")).segments, (std::vector<std::string>{"a b", "\xC3\xA9"}));
    // A coded slash is part of its segment, and dots mean nothing.
    EXPECT_EQ(parsed(get("/a%2fb/..")).segments, (std::vector<std::string>{"a/b", ".."}));
    for (const char* bad : {"/%", "/%4", "/%zz", "/%00", "/%ff", "/\xC3\xA9", "/a#b", "mine", "?a"})
        EXPECT_EQ(verdict(get(bad)), 400u) << bad;
}

TEST(RawHead, QueryIsReadLikeAForm) {
    const auto head = parsed(get("/chain?from=5&limit=%31&x=a+b"));
    EXPECT_EQ(*head.query.find("from")->string(), "5");
    EXPECT_EQ(*head.query.find("limit")->string(), "1");
    EXPECT_EQ(*head.query.find("x")->string(), "a b");
    EXPECT_EQ(verdict(get("/chain?from=5&from=6")), 400u);
    EXPECT_EQ(verdict(get("/chain?from=%")), 400u);
}

TEST(RawHead, TargetIsOriginFormOrOfThisHost) {
    EXPECT_EQ(verdict(get("http://x/mine")), 0u);
    EXPECT_EQ(parsed(get("HTTP://X/mine?a=1")).path(), "/mine");
    EXPECT_EQ(parsed(get("http://x")).path(), "/");
    EXPECT_EQ(verdict(get("http://y/mine")), 400u);
    EXPECT_EQ(verdict(get("http://x:80/mine")), 400u);
    EXPECT_EQ(verdict(get("ftp://x/mine")), 400u);
    EXPECT_EQ(verdict("CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n"), 400u);
    EXPECT_EQ(verdict("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), 0u);
    EXPECT_EQ(verdict("GET * HTTP/1.1\r\nHost: x\r\n\r\n"), 400u);
}

TEST(RawHead, RequestLineHasThreeParts) {
    for (const char* bad :
         {"GET /", "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1",
          "GET /a b HTTP/1.1", "G(T / HTTP/1.1", "GET / http/1.1", "GET / HTTP/1.10",
          "GET / HTTP/11", "GET\t/ HTTP/1.1"})
        EXPECT_EQ(verdict(std::string{bad} + "\r\nHost: x\r\n\r\n"), 400u) << bad;
    EXPECT_EQ(verdict("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505u);
    EXPECT_EQ(verdict("GET / HTTP/1.2\r\nHost: x\r\n\r\n"), 505u);
    EXPECT_EQ(parsed("BREW / HTTP/1.1\r\nHost: x\r\n\r\n").method, Method::other);
}

TEST(RawHead, HostStandsOnce) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), 400u);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400u);
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), 400u);
    EXPECT_EQ(verdict(with("Host: x")), 400u);
    EXPECT_EQ(verdict(with("host: y")), 400u);
}

TEST(RawHead, LengthIsToldOnceAndOneWay) {
    EXPECT_EQ(parsed(with("Content-Length: 5")).content_length, 5u);
    EXPECT_EQ(parsed(with("content-length:\t5 ")).content_length, 5u);
    for (const char* bad :
         {"Content-Length: 5\r\nContent-Length: 5", "Content-Length: 5\r\nContent-Length: 6",
          "Content-Length: 5, 5", "Content-Length: +5", "Content-Length: -5", "Content-Length: 0x5",
          "Content-Length: 5 5", "Content-Length:", "Content-Length: 18446744073709551616",
          "Content-Length : 5", " Content-Length: 5",
          "Content-Length: 5\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: chunked\r\nContent-Length: 5"})
        EXPECT_EQ(verdict(with(bad)), 400u) << bad;
}

TEST(RawHead, TransferEncodingIsOneChunked) {
    EXPECT_TRUE(parsed(with("Transfer-Encoding: Chunked")).chunked);
    for (const char* bad :
         {"Transfer-Encoding: xchunked", "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: identity",
          "Transfer-Encoding:", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: chunked;q=1",
          "Transfer-Encoding : chunked"})
        EXPECT_EQ(verdict(with(bad)), 400u) << bad;
    EXPECT_EQ(verdict("POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), 400u);
}

TEST(RawHead, HeaderLinesHaveANameAndNoFold) {
    for (const char* bad :
         {"A: b\r\n c", "A: b\r\n\tc", "no colon", ": b", "A b: c", "A\t: c", "(: c"})
        EXPECT_EQ(verdict(with(bad)), 400u) << bad;
    EXPECT_EQ(verdict(with("A:")), 0u);
    EXPECT_EQ(verdict(with("A: \xC3\xA9")), 0u);
}

TEST(RawHead, WhatDecidesSomethingMayNotStandTwice) {
    for (const char* name : {"Origin", "Authorization", "Sec-Fetch-Site", "Idempotency-Key"}) {
        const std::string header = std::string{name} + ": a";
        EXPECT_EQ(verdict(with(header)), 0u);
        EXPECT_EQ(verdict(with(header + "\r\n" + header)), 400u) << name;
    }
    EXPECT_EQ(parsed(with("If-None-Match: \"a\"\r\nif-none-match: \"b\"")).headers.if_none_match,
              "\"a\", \"b\"");
    EXPECT_EQ(verdict(with("X-Other: a\r\nX-Other: b")), 0u);
}

TEST(RawHead, ConnectionIsKeptAsTheVersionSays) {
    EXPECT_TRUE(parsed(get("/")).keep_alive);
    EXPECT_FALSE(parsed(with("Connection: Upgrade, Close")).keep_alive);
    EXPECT_FALSE(parsed("GET / HTTP/1.0\r\nHost: x\r\n\r\n").keep_alive);
    EXPECT_TRUE(parsed("GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(RawHead, ExpectIsContinueOrNothing) {
    EXPECT_TRUE(parsed(with("Expect: 100-Continue")).expects_continue);
    EXPECT_EQ(verdict(with("Expect: tea")), 417u);
}

TEST(RawHead, WebSocketIsAsked) {
    const std::string upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket";
    const auto with_key = [&](const std::string& line) {
        return parsed("GET /p2p HTTP/1.1\r\nHost: x\r\n" + upgrade + line + "\r\n\r\n")
            .wants_websocket;
    };
    EXPECT_TRUE(with_key("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
    EXPECT_FALSE(with_key(""));
    EXPECT_FALSE(with_key("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ==="));
    EXPECT_FALSE(with_key("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ="));
    EXPECT_FALSE(with_key("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE="));
    const std::string key = "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    EXPECT_FALSE(parsed(with(upgrade + key)).wants_websocket);  // a POST
    EXPECT_FALSE(parsed("GET /p2p HTTP/1.1\r\nHost: x\r\nUpgrade: websocket" + key + "\r\n\r\n")
                     .wants_websocket);
}

}  // namespace
}  // namespace cairn::http
