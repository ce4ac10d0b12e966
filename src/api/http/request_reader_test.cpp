#include "api/http/request_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace cairn::http {
namespace {

constexpr std::size_t kLimit = 1000;

/// Feeds `text` in pieces of `piece` bytes and tells what comes out: "body;" of each request, and
/// the status of the first error.
std::string read_all(std::string_view text, std::size_t piece) {
    RequestReader reader;
    std::string out;
    bool in_body = false;
    while (true) {
        if (!in_body) {
            auto head = reader.read_head();
            if (!head) return out + std::to_string(head.error().status);
            if (*head) {
                in_body = (*head)->has_body();
                if (!in_body) {
                    reader.skip_head();
                    out += ";";
                }
                continue;
            }
        } else {
            auto body = reader.read_body(kLimit);
            if (!body) return out + std::to_string(body.error().status);
            if (*body) {
                out += **body + ";";
                in_body = false;
                continue;
            }
        }
        if (text.empty()) return out + (reader.empty() && !in_body ? "" : "...");
        const auto room = reader.room();
        const std::size_t n = std::min({piece, text.size(), room.size()});
        std::copy_n(text.begin(), n, room.begin());
        reader.filled(n);
        text.remove_prefix(n);
    }
}

std::string chunked(std::string_view body) {
    return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{body};
}
std::string counted(std::string_view body) {
    return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string{body};
}
const std::string kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(RequestReader, TakesRequestsOneAfterAnotherHoweverTheyCome) {
    const std::string text = kGet + counted("hello") + chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") +
                             kGet + "\r\n" + counted("x") + kGet;
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 64u, 100'000u})
        EXPECT_EQ(read_all(text, piece), ";hello;abcde;;x;;") << piece;
}

TEST(RequestReader, BoundsTheBody) {
    std::string whole(kLimit, 'a');
    whole += ';';
    EXPECT_EQ(read_all(counted(std::string(kLimit, 'a')), 100), whole);
    EXPECT_EQ(read_all(counted(std::string(kLimit + 1, 'a')), 100), "413");
    const auto two_chunks = [](std::size_t second) {
        char size[8];
        std::snprintf(size, sizeof size, "%zx", second);
        return chunked("1f4\r\n" + std::string(500, 'a') + "\r\n" + size + "\r\n" +
                       std::string(second, 'a') + "\r\n0\r\n\r\n");
    };
    EXPECT_EQ(read_all(two_chunks(500), 100), whole);
    EXPECT_EQ(read_all(two_chunks(501), 100), "413");
    EXPECT_EQ(read_all(chunked("ffffffffffffffff\r\n"), 100), "413");
}

TEST(RequestReader, RefusesOddChunks) {
    for (const char* bad :
         {"5;ext=1\r\nhello\r\n0\r\n\r\n", "0;a\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
          "5\r\nhello0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
          "-5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "g\r\nhello\r\n0\r\n\r\n",
          "\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
          "5\r\nhello\n0\r\n\r\n", "10000000000000000\r\nhello\r\n0\r\n\r\n"}) {
        const std::string verdict = read_all(chunked(bad), 1000);
        EXPECT_TRUE(verdict == "400" || verdict == "413") << bad << " " << verdict;
    }
}

TEST(RequestReader, BoundsWhatIsNoBody) {
    EXPECT_EQ(read_all(chunked("5" + std::string(100'000, ' ')), 4096), "400");
    std::string trailers = "0\r\n";
    for (int i = 0; i < 5000; ++i) trailers += "A: bcdefgh\r\n";
    EXPECT_EQ(read_all(chunked(trailers), 4096), "400");
}

TEST(RequestReader, AwaitsTheRest) {
    EXPECT_EQ(read_all("GET / HT", 3), "...");
    const std::string post = counted("hello");
    EXPECT_EQ(read_all(post.substr(0, post.size() - 1), 3), "...");
    EXPECT_EQ(read_all(chunked("5\r\nhel"), 3), "...");
}

TEST(RequestReader, GivesEverythingAwayForAnUpgrade) {
    RequestReader reader;
    const std::string text = kGet + "frame";
    std::ranges::copy(text, reader.room().begin());
    reader.filled(text.size());
    ASSERT_TRUE(reader.read_head().value());
    EXPECT_EQ(reader.take_all(), text);
    EXPECT_TRUE(reader.empty());
}

}  // namespace
}  // namespace cairn::http
