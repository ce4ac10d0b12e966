#include "cli/session/session.hpp"

#include <optional>
#include <utility>

#include "cli/base/text.hpp"
#include "cli/session/problem.hpp"
#include "core/base/hex.hpp"
#include "wallet/random.hpp"
#include "wallet/user_name.hpp"
#include "wallet/users.hpp"

namespace cairn::cli {
namespace {

constexpr std::string_view kOperator = "operator";
constexpr std::string_view kBuiltIn = "cairn-";

std::string login_body(const std::string& name, const SecretText& password) {
    return json_object({{"name", json_quoted(name)}, {"password", json_quoted(password.reveal())}});
}

}  // namespace

Session::Session(SessionOptions options, TokenStore tokens, std::filesystem::path nodes_folder)
    : options_{std::move(options)},
      tokens_{std::move(tokens)},
      nodes_folder_{std::move(nodes_folder)},
      http_{options_.node.text, options_.authorities} {}

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
        return fail(not_a_node(options_.node.text, read ? "no JSON object" : read.error()));
    return std::move(*read);
}

Outcome<void> Session::pass(const Call& call, const Sink& sink) {
    auto answer = exchange(call, sink);
    if (!answer) return fail(std::move(answer.error()));
    return {};
}

Outcome<Json> Session::stream(const Call& call, std::vector<std::string> arrays,
                              OnElement on_element) {
    JsonReader reader{std::move(arrays), std::move(on_element)};
    std::optional<std::string> broken;
    const auto answer = exchange(call, [&](std::string_view piece) {
        if (auto fed = reader.feed(piece); !fed && !reader.stopped())
            broken = std::move(fed.error());
        return !broken && !reader.stopped();
    });
    if (broken) return fail(not_a_node(options_.node.text, *broken));
    if (!answer) return fail(answer.error());
    if (reader.stopped()) return Json{};
    auto rest = reader.end();
    if (!rest || !rest->is_object())
        return fail(not_a_node(options_.node.text, rest ? "no JSON object" : rest.error()));
    return std::move(*rest);
}

Outcome<HttpAnswer> Session::exchange(const Call& call, const Sink& sink) {
    if (!call.needs_login) return send(call, "", sink);
    const auto kept = tokens_.load(options_.node);
    auto answer = send(call, kept ? kept->token : "", sink);
    if (answer || answer.error().status != 401) return answer;
    if (kept && kept->name != kOperator) {
        answer.error().facts.push_back("log-in: the one of " + plain(kept->name) + " has ended");
        answer.error().next = "cairn login " + plain(kept->name) + options_.flags;
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
    auto answer = http_.send(request, sink);
    // Whether the node took it is not known: under the same key, asking again makes no second
    // transfer.
    if (!answer && call.once && answer.error().kind == HttpFailure::Kind::broke_off)
        answer = http_.send(request, sink);
    if (!answer) {
        if (answer.error().kind == HttpFailure::Kind::stopped) return HttpAnswer{};
        return fail(failure_of(answer.error(), options_.node.text, options_.flags));
    }
    if (answer->status < 200 || answer->status >= 300)
        return fail(failure_of(*answer, options_.command, options_.flags));
    return std::move(*answer);
}

Outcome<std::string> Session::log_in(const std::string& name, const SecretText& password) {
    Call call{.method = "POST", .target = "/login", .body = login_body(name, password)};
    auto answer = send(call, "", {});
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

std::vector<std::filesystem::path> Session::places_of_password() {
    // Another machine's node has its password there, and this one's is none of its business.
    if (!options_.node.loopback) return {};
    if (!options_.datadir.empty()) return {options_.datadir};
    const auto status = json({.target = "/status"});
    if (!status) return {};
    std::string chain = (*status)["chain"].text();
    // A node's word becomes a part of a path only if it has the form of a name.
    if (!UserName::parse(chain)) return {};
    std::vector<std::filesystem::path> places{nodes_folder_ / chain};
    if (chain.starts_with(kBuiltIn))
        places.insert(places.begin(), nodes_folder_ / chain.substr(kBuiltIn.size()));
    return places;
}

Outcome<void> Session::become_operator(const Failure& refusal) {
    Failure failure = refusal;
    for (const auto& place : places_of_password()) {
        const auto password = Users::read_operator_password(place);
        if (!password) {
            failure.facts.push_back(
                "operator's password: " + plain((place / "operator.password").string()) + ": " +
                password.error().message());
            continue;
        }
        const auto logged_in = log_in(std::string{kOperator}, *password);
        if (logged_in) return {};
        failure = logged_in.error();
        failure.facts.push_back("tried: the password in " +
                                plain((place / "operator.password").string()));
    }
    if (failure.code == ExitCode::login) {
        failure.next = "cairn login NAME" + options_.flags +
                       (options_.node.loopback ? ", or --datadir with the node's directory" : "");
    }
    return fail(std::move(failure));
}

}  // namespace cairn::cli
