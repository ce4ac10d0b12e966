#include "cli/session/problem.hpp"

#include <gtest/gtest.h>

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
    return failure_of(problem(status), command, "").code;
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
    const auto told = failure_of(
        problem(400, R"(,"field":"amount","expected":"a coin","found":"No")"), "send", "");
    EXPECT_EQ(told.what, "No.");
    EXPECT_EQ(told.facts, (std::vector<std::string>{"field: amount", "expected: a coin"}));
}

TEST(Refusal, OfNodesTellsWhyOfEach) {
    const auto told = failure_of(
        problem(
            400,
            R"(,"nodes":[{"address":"a:1","detail":"no port"},{"address":"b","detail":"\u001b"}])"),
        "register", "");
    EXPECT_EQ(told.facts, (std::vector<std::string>{"a:1: no port", "b: \\u001b"}));
}

TEST(Refusal, NamesTheNextCommandForTheSameNode) {
    const auto next = [](const HttpAnswer& answer, const std::string& command) {
        return failure_of(answer, command, " --node x").next;
    };
    EXPECT_EQ(next(problem(401), "mine"), "cairn login NAME --node x");
    EXPECT_EQ(next(problem(400, R"(,"field":"amount","rule":"overdraft")"), "send"),
              "cairn balance --node x");
    EXPECT_EQ(next(problem(404), "block"), "cairn chain --node x lists the blocks");
    EXPECT_EQ(next(problem(409, R"(,"rule":"replacement_fee")"), "send"),
              "cairn send --node x with a higher --fee");
    EXPECT_EQ(next(problem(400), "restart"), "");
}

TEST(Refusal, TellsHowLongToWait) {
    auto answer = problem(429);
    answer.retry_after = "7";
    EXPECT_EQ(failure_of(answer, "login", "").next, "the same again in 7 s");
}

TEST(Refusal, MovesNoCursor) {
    auto answer = problem(429, R"(,"field":"\u001b[1m","found":"\u001b[2m")");
    answer.body.replace(answer.body.find("No."), 3, "\\u001b[2J");
    answer.retry_after = "\x1b[3m";
    const auto told = failure_of(answer, "\x1b", "");
    for (const auto& text : {told.what, told.facts.at(0), told.facts.at(1), told.next})
        EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
}

TEST(Refusal, WithoutAReasonIsStillTold) {
    const auto told =
        failure_of({.status = 502, .type = {}, .retry_after = {}, .body = "<html>"}, "mine", "");
    EXPECT_EQ(told.code, ExitCode::refused);
    EXPECT_NE(told.what.find("502"), std::string::npos);
}

TEST(NoAnswer, AsksWhetherTheNodeRuns) {
    using Kind = HttpFailure::Kind;
    const auto none = failure_of(HttpFailure{Kind::no_connection, "refused\x1b"}, "http://n:1", "");
    EXPECT_EQ(none.code, ExitCode::unreachable);
    EXPECT_NE(none.what.find("is it running?"), std::string::npos);
    EXPECT_NE(none.next.find("cairn node"), std::string::npos);
    EXPECT_EQ(none.facts.at(0), "reason: refused\\u001b");
    for (const Kind kind : {Kind::silent, Kind::broke_off, Kind::not_http, Kind::too_long}) {
        const auto told = failure_of(HttpFailure{kind, "x"}, "http://n:1", "");
        EXPECT_EQ(told.code, ExitCode::unreachable);
        EXPECT_NE(told.what.find("http://n:1"), std::string::npos);
    }
}

}  // namespace
}  // namespace cairn::cli
