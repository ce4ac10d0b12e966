#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/commands.hpp"

namespace CLI {
class App;
}

namespace cairn {

/// A command for a node that runs elsewhere.
struct RunClient {
    cli::Options options;
    std::string words;  // "user new"
    cli::Command command;
};

/// The subcommands that talk to a node, added to an `app` that has the node's own already. Reading
/// the words is `app.parse`; both must live until then.
class ClientCommands {
public:
    explicit ClientCommands(CLI::App& app);
    ClientCommands(const ClientCommands&) = delete;
    ClientCommands& operator=(const ClientCommands&) = delete;
    ~ClientCommands();

    /// What was chosen; nothing if it was none of these.
    [[nodiscard]] std::optional<RunClient> chosen() const;

private:
    struct Words;
    std::unique_ptr<Words> words_;
};

}  // namespace cairn
