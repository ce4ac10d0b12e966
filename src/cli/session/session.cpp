#include "cli/session/session.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "cli/base/text.hpp"
#include "cli/session/problem.hpp"
#include "core/base/hex.hpp"
#include "json/writer.hpp"
#include "wallet/node_place.hpp"
#include "wallet/random.hpp"
#include "wallet/user_name.hpp"
#include "wallet/users.hpp"

namespace cairn::cli {
namespace {

constexpr std::string_view kOperator = "operator";
/// Of ~/.cairn that are looked at.
constexpr std::size_t kDirectoriesMax = 64;
constexpr std::string_view kLocalhost = "localhost";

/// Whether whoever is called by that URL is the node at that place, and nobody else can be.
bool leads_to(const NodeUrl& url, const NodePlace& place) {
    if (url.port != place.port || url.text.starts_with("https")) return false;
    if (place.network != this_network()) return false;
    const bool v6 = url.host.find(':') != std::string::npos;
    if (url.host == kLocalhost || url.host == place.address) return true;
    if (place.address == "0.0.0.0") return !v6;
    return place.address == "::" && v6;
}

std::string place_text(const NodePlace& place) {
    const bool v6 = place.address.find(':') != std::string::npos;
    return (v6 ? "[" + place.address + "]" : place.address) + ":" + std::to_string(place.port);
}

/// A place that is every address of this machine, as one that can be called.
NodePlace as_called(NodePlace place) {
    if (place.address == "0.0.0.0") place.address = "127.0.0.1";
    if (place.address == "::") place.address = "::1";
    return place;
}

std::string login_body(const std::string& name, const SecretText& password) {
    std::string body;
    json::Writer{body, json::Quoting::as_typed}
        .begin_object()
        .key("name")
        .string(name)
        .key("password")
        .string(password.reveal())
        .end_object();
    return body;
}

}  // namespace

Session::Session(SessionOptions options, TokenStore tokens, std::filesystem::path nodes_folder)
    : options_{std::move(options)},
      tokens_{std::move(tokens)},
      nodes_folder_{std::move(nodes_folder)},
      http_{std::in_place, options_.node.text, options_.authorities} {
    pin_localhost();
}

Outcome<std::string> Session::text(const Call& call) {
    auto answer = exchange(call, {});
    if (!answer) return fail(std::move(answer.error()));
    return std::move(answer->body);
}

Outcome<Json> Session::json(const Call& call) {
    const auto body = text(call);
    if (!body) return fail(body.error());
    auto read = parse_json(*body);
    if (!read || !read->is_object())
        return fail(not_a_node(options_.node.text, read ? "no JSON object" : read.error().reason));
    return std::move(*read);
}

Outcome<void> Session::pass(const Call& call, const Sink& sink) {
    auto answer = exchange(call, sink);
    if (!answer) return fail(std::move(answer.error()));
    return {};
}

Outcome<Json> Session::stream(const Call& call, std::vector<std::string> arrays,
                              json::OnElement on_element) {
    json::ElementReader reader{kAnswerLimits, std::move(arrays), std::move(on_element)};
    std::optional<std::string> broken;
    const auto answer = exchange(call, [&](std::string_view piece) {
        if (auto fed = reader.feed(piece); !fed && !reader.stopped())
            broken = std::move(fed.error().reason);
        return !broken && !reader.stopped();
    });
    if (broken) return fail(not_a_node(options_.node.text, *broken));
    if (!answer) return fail(answer.error());
    if (reader.stopped()) return Json{};
    auto rest = reader.finish();
    if (!rest || !rest->is_object())
        return fail(not_a_node(options_.node.text, rest ? "no JSON object" : rest.error().reason));
    return std::move(*rest);
}

Outcome<HttpAnswer> Session::exchange(const Call& call, const Sink& sink) {
    if (!call.needs_login) return send(call, "", sink);
    const auto kept = tokens_.load(options_.node);
    auto answer = send(call, kept ? kept->token : "", sink);
    if (answer || answer.error().status != 401) return answer;
    if (kept && kept->name != kOperator) {
        answer.error().facts.push_back("log-in: the one of " + plain(kept->name) + " has ended");
        answer.error().next = "cairn login " + plain(kept->name) + options_.attempt.flags;
        return answer;
    }
    if (auto logged_in = become_operator(answer.error()); !logged_in)
        return fail(std::move(logged_in.error()));
    const auto renewed = tokens_.load(options_.node);
    return send(call, renewed ? renewed->token : "", sink);
}

Outcome<HttpAnswer> Session::send(const Call& call, const std::string& token, const Sink& sink) {
    HttpRequest request{.method = call.method, .target = call.target};
    if (!call.body.empty()) request.body = call.body;
    request.token = token;
    request.silence_s = options_.silence_s;
    if (call.once) request.idempotency_key = to_hex(random_bytes<16>());
    auto answer = http_->send(request, sink);
    // Whether the node took it is not known: under the same key, asking again makes no second
    // transfer.
    if (!answer && call.once && answer.error().kind == HttpFailure::Kind::broke_off)
        answer = http_->send(request, sink);
    if (!answer) {
        if (answer.error().kind == HttpFailure::Kind::stopped) return HttpAnswer{};
        auto failure = failure_of(answer.error(), options_.node.text, options_.attempt);
        const auto kind = answer.error().kind;
        if (kind == HttpFailure::Kind::no_connection) failure = with_node_elsewhere(failure);
        const bool sent = kind == HttpFailure::Kind::silent || kind == HttpFailure::Kind::broke_off;
        if (sent && call.method != "GET" && call.target != "/login")
            failure.facts.push_back(
                "outcome: unknown; it may have been done: look before you do it again");
        return fail(std::move(failure));
    }
    if (answer->status < 200 || answer->status >= 300)
        return fail(failure_of(*answer, options_.attempt));
    return std::move(*answer);
}

Outcome<std::string> Session::log_in(const std::string& name, const SecretText& password) {
    Call call{.method = "POST", .target = "/login", .body = login_body(name, password)};
    // Whoever shows a token of his waits for none of those who guess.
    const auto before = tokens_.load(options_.node);
    const bool own = before && fold_case(before->name) == fold_case(name);
    auto answer = send(call, own ? before->token : "", {});
    wipe({reinterpret_cast<std::uint8_t*>(call.body.data()), call.body.size()});
    if (!answer) {
        answer.error().code =
            answer.error().code == ExitCode::unreachable ? ExitCode::unreachable : ExitCode::login;
        return fail(std::move(answer.error()));
    }
    const auto read = parse_json(answer->body);
    if (!read || !(*read)["token"].is_string())
        return fail(not_a_node(options_.node.text, "an answer to a log-in without a token"));
    const auto kept =
        tokens_.keep(options_.node, {(*read)["name"].text(), (*read)["token"].text()});
    if (!kept) {
        return fail(Failure{.code = ExitCode::login,
                            .what = "The log-in cannot be kept in " +
                                    plain(tokens_.file_of(options_.node).string()) + ": " +
                                    kept.error().message() + ".",
                            .next = "make that folder writable, or set HOME"});
    }
    return std::move(answer->body);
}

Outcome<std::string> Session::log_out() {
    const auto kept = tokens_.load(options_.node);
    if (!kept) return std::string{};
    auto answer = send({.method = "POST", .target = "/logout"}, kept->token, {});
    // A token that has ended already is what was wished for.
    if (!answer && answer.error().code != ExitCode::login) return fail(std::move(answer.error()));
    if (const auto error = tokens_.forget(options_.node)) {
        return fail(Failure{.code = ExitCode::login,
                            .what = "The token cannot be removed: " + error.message() + ".",
                            .facts = {"file: " + plain(tokens_.file_of(options_.node).string())}});
    }
    return answer ? std::move(answer->body) : R"({"message":"The log-in had ended already."})";
}

std::string Session::who() const {
    const auto kept = tokens_.load(options_.node);
    return kept ? kept->name : "";
}

std::vector<std::filesystem::path> Session::directories() const {
    if (!options_.datadir.empty()) return {options_.datadir};
    std::vector<std::filesystem::path> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at{nodes_folder_, error}, end;
         !error && at != end && found.size() < kDirectoriesMax; at.increment(error))
        if (std::error_code ignored; at->is_directory(ignored)) found.push_back(at->path());
    std::sort(found.begin(), found.end());
    return found;
}

/// `localhost` is several addresses, and whoever listens at another than the node's is no node.
void Session::pin_localhost() {
    if (options_.node.host != kLocalhost) return;
    for (const auto& directory : directories()) {
        const auto place = running_node(directory);
        if (!place || !leads_to(options_.node, *place)) continue;
        http_.emplace("http://" + place_text(as_called(*place)), options_.authorities);
        return;
    }
}

/// Who calls the wrong port of this machine is told where its node is.
Failure Session::with_node_elsewhere(Failure failure) const {
    if (!options_.node.loopback) return failure;
    for (const auto& directory : directories()) {
        const auto place = running_node(directory);
        if (!place || place->network != this_network()) continue;
        failure.next = "--node " + plain(place_text(as_called(*place))) + " reaches the node of " +
                       plain(directory.string()) + ", which runs";
        break;
    }
    return failure;
}

Outcome<void> Session::become_operator(const Failure& refusal) {
    Failure failure = refusal;
    // Another machine's node has its password there, and this one's is none of its business.
    const auto candidates =
        options_.node.loopback ? directories() : std::vector<std::filesystem::path>{};
    if (options_.node.loopback && candidates.empty())
        failure.facts.push_back("operator's password: there is no node's directory in " +
                                plain(nodes_folder_.string()));
    for (const auto& directory : candidates) {
        const std::string file = plain((directory / "operator.password").string());
        const auto password = Users::read_operator_password(directory);
        if (!password) {
            if (!options_.datadir.empty())
                failure.facts.push_back("operator's password: " + file + ": " +
                                        password.error().message());
            continue;
        }
        const auto place = running_node(directory);
        if (!place || !leads_to(options_.node, *place)) {
            const std::string why =
                place ? "the node of that directory is at " + place_text(*place) : place.error();
            failure.facts.push_back("not sent: the password in " + file + ": " + plain(why));
            continue;
        }
        const auto logged_in = log_in(std::string{kOperator}, *password);
        if (logged_in) return {};
        failure = logged_in.error();
        failure.facts.push_back("tried: the password in " + file);
    }
    if (failure.code == ExitCode::login) {
        failure.next = "cairn login NAME" + options_.attempt.flags +
                       (options_.node.loopback ? ", or --datadir with the node's directory" : "");
    }
    return fail(std::move(failure));
}

}  // namespace cairn::cli
