#include "cli/session/problem.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace cairn::cli {
namespace {

HttpAnswer problem(int status, const std::string& members = "") {
    return {
        .status = status,
        .type = "application/problem+json",
        .retry_after = {},
        .body = R"({"status":)" + std::to_string(status) + R"(,"detail":"No.")" + members + "}"};
}

ExitCode code(int status, const std::string& command) {
    return failure_of(problem(status), {command}).code;
}

TEST(ExitCodes, TellALogInFromARefusal) {
    EXPECT_EQ(code(400, "send"), ExitCode::refused);
    EXPECT_EQ(code(401, "send"), ExitCode::login);
    EXPECT_EQ(code(403, "user new"), ExitCode::login);
    EXPECT_EQ(code(404, "tx"), ExitCode::refused);
    EXPECT_EQ(code(409, "send"), ExitCode::refused);
    EXPECT_EQ(code(429, "login"), ExitCode::login);
    EXPECT_EQ(code(429, "mine"), ExitCode::refused);
    EXPECT_EQ(code(503, "mine"), ExitCode::refused);
}

TEST(ExitCodes, AreWhatScriptsWereTold) {
    EXPECT_EQ(static_cast<int>(ExitCode::done), 0);
    EXPECT_EQ(static_cast<int>(ExitCode::refused), 1);
    EXPECT_EQ(static_cast<int>(ExitCode::usage), 2);
    EXPECT_EQ(static_cast<int>(ExitCode::unreachable), 3);
    EXPECT_EQ(static_cast<int>(ExitCode::login), 4);
}

TEST(Refusal, TellsFieldAndWhatItsSentenceLeavesOut) {
    const auto told =
        failure_of(problem(400, R"(,"field":"amount","expected":"a coin","found":"No")"), {"send"});
    EXPECT_EQ(told.what, "No.");
    EXPECT_EQ(told.facts, (std::vector<std::string>{"field: amount", "expected: a coin"}));
}

TEST(Refusal, OfNodesTellsWhyOfEach) {
    const auto told = failure_of(
        problem(
            400,
            R"(,"nodes":[{"address":"a:1","detail":"no port"},{"address":"b","detail":"\u001b"}])"),
        {"register"});
    EXPECT_EQ(told.facts, (std::vector<std::string>{"a:1: no port", "b: \\u001b"}));
}

TEST(Refusal, NamesTheNextCommandForTheSameNode) {
    const auto next = [](const HttpAnswer& answer, const std::string& command) {
        return failure_of(answer, {command, " --node x"}).next;
    };
    EXPECT_EQ(next(problem(401), "mine"), "cairn login NAME --node x");
    EXPECT_EQ(next(problem(400, R"(,"field":"amount","rule":"overdraft")"), "send"),
              "cairn balance --node x");
    EXPECT_EQ(next(problem(404), "block"), "cairn chain --node x lists the blocks");
    EXPECT_EQ(next(problem(409, R"(,"rule":"replacement_fee")"), "send"),
              "cairn pool --node x shows the fee of the transfer that waits; offer more by --fee");
    EXPECT_EQ(next(problem(400), "restart"), "");
}

TEST(Refusal, TellsHowLongToWait) {
    auto answer = problem(429);
    answer.retry_after = "7";
    EXPECT_EQ(failure_of(answer, {"login"}).next, "wait 7 s, then do the same again");
    answer.status = 503;
    EXPECT_EQ(failure_of(answer, {"send"}).next,
              "wait 7 s, then do the same again; cairn status tells how the node is; its log tells "
              "why");
}

TEST(Refusal, MovesNoCursor) {
    auto answer = problem(429, R"(,"field":"\u001b[1m","found":"\u001b[2m")");
    answer.body.replace(answer.body.find("No."), 3, "\\u001b[2J");
    answer.retry_after = "\x1b[3m";
    const auto told = failure_of(answer, {"\x1b"});
    for (const auto& text : {told.what, told.facts.at(0), told.facts.at(1), told.next})
        EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(Refusal, WithoutAReasonIsStillTold) {
    const auto told =
        failure_of({.status = 502, .type = {}, .retry_after = {}, .body = "<html>"}, {"mine"});
    EXPECT_EQ(told.code, ExitCode::refused);
    EXPECT_NE(told.what.find("502"), std::string::npos);
}

using Kind = HttpFailure::Kind;
const std::vector<Kind> kKinds = {Kind::no_connection, Kind::unknown_host, Kind::untrusted,
                                  Kind::no_tls,        Kind::silent,       Kind::broke_off,
                                  Kind::not_http,      Kind::too_long};

TEST(NoAnswer, AsksWhetherTheNodeRuns) {
    const auto none =
        failure_of(HttpFailure{Kind::no_connection, "refused\x1b"}, "http://n:1", {"mine"});
    EXPECT_EQ(none.code, ExitCode::unreachable);
    EXPECT_NE(none.what.find("is it running?"), std::string::npos);
    EXPECT_NE(none.next.find("cairn node"), std::string::npos);
    EXPECT_EQ(none.facts.at(0), "reason: refused\\u001b");
    for (const Kind kind : kKinds) {
        const auto told = failure_of(HttpFailure{kind, "x"}, "http://n:1", {"mine"});
        EXPECT_EQ(told.code, ExitCode::unreachable);
        EXPECT_NE(told.what.find("http://n:1"), std::string::npos);
    }
}

TEST(NoAnswer, TellsACertificateFromANodeThatDoesNotRun) {
    const auto untrusted = failure_of(HttpFailure{Kind::untrusted, "x"}, "https://n", {"mine"});
    EXPECT_EQ(untrusted.what.find("running"), std::string::npos);
    EXPECT_NE(untrusted.next.find("--ca"), std::string::npos);
    const auto unknown = failure_of(HttpFailure{Kind::unknown_host, "x"}, "http://n:1", {"mine"});
    EXPECT_EQ(unknown.next.find("cairn node"), std::string::npos);
}

const std::vector<std::string> kCommands = {
    "status",      "chain", "block",        "tx",       "pool",    "balance",   "inv",
    "watch",       "mine",  "send",         "login",    "logout",  "user list", "user new",
    "user remove", "nodes", "nodes remove", "register", "resolve", "getblocks", "restart"};

/// Whether an advice names a command with no other word of a command behind it.
bool names(const std::string& advice, const std::string& command) {
    const std::string wanted = "cairn " + command;
    for (auto at = advice.find(wanted); at != std::string::npos; at = advice.find(wanted, at + 1)) {
        const std::string rest = advice.substr(at + wanted.size());
        const auto is_longer = [&](const std::string& other) {
            return other.starts_with(command + " ") && advice.substr(at + 6).starts_with(other);
        };
        if ((rest.empty() || std::isalpha(static_cast<unsigned char>(rest[0])) == 0) &&
            std::ranges::none_of(kCommands, is_longer))
            return true;
    }
    return false;
}

TEST(Advice, NeverLeadsBackToTheCommandThatFailed) {
    ASSERT_TRUE(names("cairn nodes --node x", "nodes"));
    ASSERT_FALSE(names("cairn nodes remove", "nodes"));
    for (const auto& command : kCommands) {
        for (const int status : {400, 401, 403, 404, 405, 408, 409, 413, 421, 429, 500, 502, 503}) {
            for (const auto* matter : {"", "overdraft", "pool_balance", "fee_floor", "recipient",
                                       "address", "to", "nonce_used", "replacement_fee"}) {
                for (const auto* wait : {"", "7"}) {
                    auto answer = problem(status, std::string{",\"rule\":\""} + matter + "\"");
                    answer.retry_after = wait;
                    const auto next = failure_of(answer, {command, " --node x"}).next;
                    EXPECT_FALSE(names(next, command)) << command << " " << status << ": " << next;
                }
            }
            const auto bare = failure_of(
                {.status = status, .type = {}, .retry_after = {}, .body = "<html>"}, {command});
            EXPECT_FALSE(bare.next.empty());
            EXPECT_FALSE(names(bare.next, command)) << command << ": " << bare.next;
        }
        for (const Kind kind : kKinds) {
            const auto next = failure_of(HttpFailure{kind, "x"}, "http://n:1", {command}).next;
            EXPECT_FALSE(next.empty());
            EXPECT_FALSE(names(next, command)) << command << ": " << next;
        }
    }
}

TEST(Advice, NamesTheAccountThatLacksTheCoins) {
    const auto answer = problem(400, R"(,"field":"amount","rule":"overdraft")");
    EXPECT_EQ(failure_of(answer, {"send", " --node x", "erna"}).next,
              "cairn balance erna --node x");
}

}  // namespace
}  // namespace cairn::cli
