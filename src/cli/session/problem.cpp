#include "cli/session/problem.hpp"

#include <array>
#include <string_view>

#include "cli/base/json.hpp"
#include "cli/base/text.hpp"

namespace cairn::cli {
namespace {

/// Empty members match anything; the first row that matches counts.
struct Advice {
    int status;
    std::string_view command;
    std::string_view matter;  // `rule` or `field` of the problem
    std::string_view next;    // a $ at the end of a command is where the flags go
};

constexpr std::array kAdvice = {
    Advice{401, "login", "",
           "cairn login$ again; the operator's password is in <datadir>/operator.password"},
    Advice{401, "", "", "cairn login NAME$"},
    Advice{403, "login", "", "log in on the node's own machine, or start it with --plain-login"},
    Advice{403, "", "", "cairn login operator$"},
    Advice{400, "", "overdraft", "cairn balance$"},
    Advice{400, "", "pool_balance", "cairn pool$ shows what waits already"},
    Advice{400, "", "fee_floor", "cairn send$ with a higher --fee"},
    Advice{400, "", "recipient", "cairn user list$ tells the addresses of this node's users"},
    Advice{400, "", "address", "cairn user list$ tells the addresses of this node's users"},
    Advice{400, "", "to", "cairn user list$ tells the addresses of this node's users"},
    Advice{400, "register", "", "cairn register 127.0.0.1:5001$"},
    Advice{400, "block", "", "cairn chain$ lists the blocks"},
    Advice{400, "tx", "", "cairn pool$ and cairn block INDEX$ list the ids"},
    Advice{404, "block", "", "cairn chain$ lists the blocks"},
    Advice{404, "tx", "", "cairn pool$ lists what waits; an id has 64 hex digits"},
    Advice{404, "nodes remove", "", "cairn nodes$"},
    Advice{404, "user remove", "", "cairn user list$"},
    Advice{404, "", "",
           "cairn status$ tells the node's version: it may be older than this command"},
    Advice{409, "user new", "", "cairn user list$"},
    Advice{409, "send", "nonce_used", "cairn pool$ shows what waits already"},
    Advice{409, "send", "replacement_fee", "cairn send$ with a higher --fee"},
    Advice{421, "", "", "call it by its IP address, or start it with --host NAME"},
    Advice{503, "mine", "", "cairn mine$ again; cairn node --mine-timeout gives it longer"},
    Advice{503, "", "", "cairn status$, and the node's log"},
};

bool is_of_login(const HttpAnswer& answer, const std::string& command) {
    return answer.status == 401 || answer.status == 403 ||
           (answer.status == 429 && command == "login");
}

std::string with_flags(std::string_view next, const std::string& flags) {
    std::string out;
    for (const char c : next) {
        if (c == '$') {
            out += flags;
        } else {
            out += c;
        }
    }
    return out;
}

std::string advice_for(int status, const std::string& command, const Json& problem,
                       const std::string& flags) {
    for (const Advice& advice : kAdvice) {
        if (advice.status == status && (advice.command.empty() || advice.command == command) &&
            (advice.matter.empty() || advice.matter == problem["rule"].text() ||
             advice.matter == problem["field"].text()))
            return with_flags(advice.next, flags);
    }
    return {};
}

}  // namespace

Failure failure_of(const HttpAnswer& answer, const std::string& command, const std::string& flags) {
    Failure failure;
    failure.code = is_of_login(answer, command) ? ExitCode::login : ExitCode::refused;
    failure.status = answer.status;
    failure.answer = answer.body;
    const auto problem = parse_json(answer.body);
    if (!problem || !(*problem)["detail"].is_string()) {
        failure.what = "The answer was " + std::to_string(answer.status) + " without a reason.";
        failure.next = "cairn status" + flags;
        return failure;
    }
    const std::string detail = shown((*problem)["detail"]);
    failure.what = detail;
    for (const char* member : {"field", "expected", "found"}) {
        const std::string value = shown((*problem)[member]);
        // Most sentences tell expected and found themselves.
        if (!value.empty() &&
            (member == std::string_view{"field"} || detail.find(value) == std::string::npos))
            failure.facts.push_back(std::string{member} + ": " + value);
    }
    if ((*problem)["outcome"].text() == "unknown") {
        failure.facts.emplace_back("outcome: unknown");
        const std::string id = plain((*problem)["id"].text());
        if (!id.empty())
            failure.next = (command == "mine" ? "cairn block " : "cairn tx ") + id + flags +
                           " before you do it again";
        else
            failure.next = "look before you do it again: cairn status" + flags;
        return failure;
    }
    // /nodes/register tells of each address what is wrong with it.
    for (const Json& node : (*problem)["nodes"].elements())
        failure.facts.push_back(shown(node["address"]) + ": " + shown(node["detail"]));
    if (!answer.retry_after.empty() && answer.status == 429) {
        failure.next = "the same again in " + plain(answer.retry_after) + " s";
        return failure;
    }
    failure.next = advice_for(answer.status, command, *problem, flags);
    return failure;
}

Failure failure_of(const HttpFailure& failure, const std::string& node, const std::string& flags) {
    using Kind = HttpFailure::Kind;
    Failure told;
    told.code = ExitCode::unreachable;
    switch (failure.kind) {
        case Kind::no_connection:
            told.what = "The node at " + node + " cannot be reached: is it running?";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = "./run or `cairn node` starts one; --node names another";
            break;
        case Kind::silent:
            told.what = "The node at " + node + " has not answered in time.";
            told.next = "cairn status" + flags + ", or the same with a longer --timeout";
            break;
        case Kind::broke_off:
            told.what = "The connection to " + node + " ended before the answer did.";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = "cairn status" + flags;
            break;
        case Kind::too_long:
            told.what = "The answer of " + node + " is longer than any that a node gives.";
            break;
        case Kind::not_http:
            return not_a_node(node, failure.reason);
        case Kind::stopped:
            break;
    }
    return told;
}

Failure not_a_node(const std::string& node, const std::string& reason) {
    Failure told;
    told.code = ExitCode::unreachable;
    told.what = "What answers at " + node + " is no Cairn node.";
    told.facts.push_back("reason: " + plain(reason));
    told.next = "./run or `cairn node` starts one; --node names another";
    return told;
}

}  // namespace cairn::cli
