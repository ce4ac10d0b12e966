#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/base/exit_code.hpp"
#include "cli/base/json.hpp"
#include "cli/base/url.hpp"
#include "cli/http/http.hpp"
#include "cli/session/problem.hpp"
#include "cli/session/token_store.hpp"
#include "json/elements.hpp"
#include "wallet/secret.hpp"

namespace cairn::cli {

/// One request of a command.
struct Call {
    std::string method = "GET";
    std::string target;
    std::string body{};        // JSON; empty: none
    bool needs_login = false;  // the node may answer 401 without one
    bool once = false;         // makes a transfer: sent again only under the same key
};

struct SessionOptions {
    NodeUrl node;
    Attempt attempt;
    std::filesystem::path datadir;  // empty: the places where nodes keep theirs
    std::string authorities;        // PEM file, for https; empty: the system's
    std::uint32_t silence_s = 0;    // longest silence of the node; 0: as long as it takes
};

/// Talks to one node in the name of whoever is logged in.
///
/// A call that needs a log-in sends the token that is kept for the node. On 401, a node on this
/// machine whose `operator.password` can be read is logged in to as `operator`, the token is kept,
/// and the call is made once more; so the owner of a node never types a password. It is sent only
/// where that very node listens (NodePlaceMark): whatever else answers at the address never sees
/// it. A log-in by another name is never replaced by the operator's: that would spend another's
/// coins.
class Session {
public:
    Session(SessionOptions options, TokenStore tokens, std::filesystem::path nodes_folder);

    /// The answer's body if its status is 2xx, as it was sent.
    [[nodiscard]] Outcome<std::string> text(const Call& call);
    /// The same, read.
    [[nodiscard]] Outcome<Json> json(const Call& call);
    /// The body handed to `sink` as it comes; a sink that has enough ends it without an error.
    [[nodiscard]] Outcome<void> pass(const Call& call, const Sink& sink);
    /// The named arrays handed over element by element; what is left of the document.
    [[nodiscard]] Outcome<Json> stream(const Call& call, std::vector<std::string> arrays,
                                       json::OnElement on_element);

    /// Logs in and keeps the token. The answer's body.
    [[nodiscard]] Outcome<std::string> log_in(const std::string& name, const SecretText& password);
    /// Ends the log-in that is kept, if any, here and at the node. The answer's body; empty if
    /// none.
    [[nodiscard]] Outcome<std::string> log_out();
    /// Who is logged in, as far as this machine knows; empty: nobody.
    [[nodiscard]] std::string who() const;

    [[nodiscard]] const SessionOptions& options() const { return options_; }

private:
    [[nodiscard]] Outcome<HttpAnswer> exchange(const Call& call, const Sink& sink);
    [[nodiscard]] Outcome<HttpAnswer> send(const Call& call, const std::string& token,
                                           const Sink& sink);
    [[nodiscard]] Outcome<void> become_operator(const Failure& refusal);
    /// Directories of nodes on this machine.
    [[nodiscard]] std::vector<std::filesystem::path> directories() const;
    [[nodiscard]] Failure with_node_elsewhere(Failure failure) const;
    void pin_localhost();

    SessionOptions options_;
    TokenStore tokens_;
    std::filesystem::path nodes_folder_;
    std::optional<Http> http_;
};

}  // namespace cairn::cli
