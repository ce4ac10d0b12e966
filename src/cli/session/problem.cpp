#include "cli/session/problem.hpp"

#include <array>
#include <string_view>

#include "cli/base/json.hpp"
#include "cli/base/text.hpp"

namespace cairn::cli {
namespace {

/// Empty members match anything; the first row that matches and does not lead back counts.
struct Advice {
    int status;
    std::string_view command;
    std::string_view matter;  // `rule` or `field` of the problem
    std::string_view next;    // $ stands for the flags, @ for the account
};

constexpr std::string_view kNoNode =
    "look at the address: what answers there may be no Cairn node, or an older one";

constexpr std::string_view kStartOne =
    "./run or `cairn node` starts a node; --node names one that runs";

constexpr std::array kAdvice = {
    Advice{401, "login", "",
           "the operator's password is in operator.password in the node's folder; another user "
           "asks the operator for a new log-in (cairn user new)"},
    Advice{401, "", "", "cairn login NAME$"},
    Advice{403, "login", "", "log in on the node's own machine, or start it with --plain-login"},
    Advice{403, "", "", "cairn login operator$"},
    Advice{400, "", "overdraft", "cairn balance@$"},
    Advice{400, "", "pool_balance", "cairn pool$ shows what waits already"},
    Advice{400, "", "fee_floor", "cairn pool$ shows the fees that others pay; offer more by --fee"},
    Advice{400, "", "recipient", "cairn user list$ tells the addresses of this node's users"},
    Advice{400, "", "address", "cairn user list$ tells the addresses of this node's users"},
    Advice{400, "", "to", "cairn user list$ tells the addresses of this node's users"},
    Advice{400, "register", "", "cairn nodes$ lists the nodes that are known, as HOST:PORT"},
    Advice{400, "block", "", "cairn chain$ lists the blocks"},
    Advice{400, "tx", "", "cairn pool$ and cairn block INDEX$ list the ids"},
    Advice{404, "block", "", "cairn chain$ lists the blocks"},
    Advice{404, "tx", "", "cairn pool$ lists what waits; an id has 64 hex digits"},
    Advice{404, "nodes remove", "", "cairn nodes$"},
    Advice{404, "user remove", "", "cairn user list$"},
    Advice{404, "status", "", kNoNode},
    Advice{404, "", "",
           "cairn status$ tells the node's version: it may be older than this command"},
    Advice{409, "user new", "", "cairn user list$"},
    Advice{409, "send", "nonce_used", "cairn pool$ shows what waits already"},
    Advice{409, "send", "replacement_fee",
           "cairn pool$ shows the fee of the transfer that waits; offer more by --fee"},
    Advice{421, "", "", "call it by its IP address, or start it with --host NAME"},
    Advice{503, "mine", "",
           "cairn status$ tells whether it mines; cairn node --mine-timeout gives it longer"},
    Advice{503, "status", "", "the node's log tells what keeps it busy"},
    Advice{503, "", "", "cairn status$ tells how the node is; its log tells why"},
};

bool is_of_login(const HttpAnswer& answer, const std::string& command) {
    return answer.status == 401 || answer.status == 403 ||
           (answer.status == 429 && command == "login");
}

std::string filled(std::string_view next, const Attempt& attempt) {
    std::string out;
    for (const char c : next) {
        if (c == '$') {
            out += attempt.flags;
        } else if (c == '@') {
            out += attempt.account.empty() ? "" : " " + attempt.account;
        } else {
            out += c;
        }
    }
    return out;
}

/// Whether an advice leads to the very command that has failed.
bool leads_back(const Advice& advice, const Attempt& attempt) {
    const std::string again = "cairn " + attempt.command;
    return advice.next.starts_with(again + "$") || advice.next.starts_with(again + "@");
}

std::string advice_for(int status, const Json& problem, const Attempt& attempt) {
    for (const Advice& advice : kAdvice) {
        if (advice.status == status && !leads_back(advice, attempt) &&
            (advice.command.empty() || advice.command == attempt.command) &&
            (advice.matter.empty() || advice.matter == problem["rule"].text() ||
             advice.matter == problem["field"].text()))
            return filled(advice.next, attempt);
    }
    return {};
}

/// `cairn status` with what it tells; `otherwise` if it is what has failed.
std::string look_at_status(const Attempt& attempt, std::string_view otherwise) {
    return attempt.command == "status" ? std::string{otherwise}
                                       : "cairn status" + attempt.flags + " tells how the node is";
}

}  // namespace

Failure failure_of(const HttpAnswer& answer, const Attempt& attempt) {
    Failure failure;
    failure.code = is_of_login(answer, attempt.command) ? ExitCode::login : ExitCode::refused;
    failure.status = answer.status;
    failure.answer = answer.body;
    const auto problem = parse_json(answer.body);
    if (!problem || !(*problem)["detail"].is_string()) {
        failure.what = "The answer was " + std::to_string(answer.status) + " without a reason.";
        failure.next = look_at_status(attempt, kNoNode);
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
            failure.next = (attempt.command == "mine" ? "cairn block " : "cairn tx ") + id +
                           attempt.flags + " before you do it again";
        else
            failure.next = "look before you do it again: cairn status" + attempt.flags;
        return failure;
    }
    // /nodes/register tells of each address what is wrong with it.
    for (const Json& node : (*problem)["nodes"].elements())
        failure.facts.push_back(shown(node["address"]) + ": " + shown(node["detail"]));
    failure.next = advice_for(answer.status, *problem, attempt);
    if (!answer.retry_after.empty() && (answer.status == 429 || answer.status == 503))
        failure.next = "wait " + plain(answer.retry_after) + " s, then do the same again" +
                       (failure.next.empty() ? "" : "; " + failure.next);
    return failure;
}

Failure failure_of(const HttpFailure& failure, const std::string& node, const Attempt& attempt) {
    using Kind = HttpFailure::Kind;
    Failure told;
    told.code = ExitCode::unreachable;
    switch (failure.kind) {
        case Kind::no_connection:
            told.what = "The node at " + node + " cannot be reached: is it running?";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = kStartOne;
            break;
        case Kind::unknown_host:
            told.what = "There is no machine of the name in " + node + ".";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = "--node names the node by its right name, or by its IP address";
            break;
        case Kind::untrusted:
            told.what = "The certificate of " + node + " is not trusted.";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = "--ca names a PEM file of the certificates that vouch for it";
            break;
        case Kind::no_tls:
            told.what = "The server at " + node + " does not speak TLS.";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = "--node with http:// calls a node that has no TLS";
            break;
        case Kind::silent:
            told.what = "The node at " + node + " has not answered in time.";
            told.next = look_at_status(attempt, "the node's log tells what keeps it busy") +
                        "; --timeout SECONDS waits longer";
            break;
        case Kind::broke_off:
            told.what = "The connection to " + node + " ended before the answer did.";
            told.facts.push_back("reason: " + plain(failure.reason));
            told.next = look_at_status(attempt, "the node's log tells whether it ended");
            break;
        case Kind::too_long:
            told.what = "The answer of " + node + " is longer than any that a node gives.";
            told.next = kNoNode;
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
    told.next = kStartOne;
    return told;
}

}  // namespace cairn::cli
