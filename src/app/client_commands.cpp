#include "app/client_commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

#include "os/home.hpp"

namespace cairn {
namespace {

constexpr const char* kExitCodes =
    "Exit status: 0 done; 1 the node refused; 2 wrong words; 3 the node cannot be reached; 4 "
    "log-in "
    "needed or refused. docs/cli.md shows every command.";
constexpr const char* kGroup = "Talk to a node";

// CLI11 reads the environment for every subcommand, chosen or not, into variables that all of these
// share: here it is read for the chosen one alone.
std::string or_environment(const std::string& told, const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return told.empty() && value != nullptr ? value : told;
}

}  // namespace

struct ClientCommands::Words {
    cli::Options options;
    cli::Login login;
    cli::UserNew user_new;
    cli::UserRemove user_remove;
    cli::Balance balance;
    cli::Send send;
    cli::Mine mine;
    cli::Chain chain;
    cli::Block block;
    cli::Tx tx;
    cli::NodesRemove nodes_remove;
    cli::Register nodes;
    cli::Inv inv;
    cli::Restart restart;
    cli::Watch watch;
    std::uint32_t timeout_s = 0;

    struct Known {
        CLI::App* app;
        std::string words;
        std::function<cli::Command()> command;
    };
    std::vector<Known> all;
    std::vector<CLI::Option*> timeouts;

    /// `command` is what to run when `app` was chosen and none of its own subcommands.
    CLI::App* add(CLI::App* app, std::string words, std::function<cli::Command()> command) {
        app->footer(kExitCodes);
        const auto option = [&](const char* flag, auto& value, const char* help) {
            return app->add_option(flag, value, help)
                ->group("Node")
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        };
        option("--node", options.node,
               "ADDRESS:PORT or URL of the node [CAIRN_NODE, 127.0.0.1:5000]");
        option("--datadir", options.datadir,
               "The node's directory, for its operator.password [CAIRN_DATADIR, ~/.cairn/CHAIN]");
        option("--ca", options.authorities,
               "PEM file of the certificates that an https node is trusted by [CAIRN_CA, the "
               "system's]");
        timeouts.push_back(
            option("--timeout", timeout_s, "Longest silence of the node, seconds [120; mine: none]")
                ->check(CLI::Range(1, 86'400)));
        app->add_flag("--json", options.json, "Print the node's answer unchanged")->group("Node");
        all.push_back({app, std::move(words), std::move(command)});
        return app;
    }
    /// A subcommand of its own.
    CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help,
                  std::function<cli::Command()> command) {
        auto* app = parent.add_subcommand(name, help)->group(kGroup);
        const std::string words =
            parent.get_parent() == nullptr ? name : parent.get_name() + " " + name;
        return add(app, words, std::move(command));
    }

    void add_users(CLI::App& app) {
        auto* in = add(app, "login", "Log in; the token is kept for the next commands",
                       [this] { return login; });
        in->add_option("name", login.name, "The user")->capture_default_str();
        in->add_option("--password-file", login.password_file,
                       "Read the password's line from FILE; - is standard input");
        add(app, "logout", "Log out", [] { return cli::Logout{}; });
        auto* user = app.add_subcommand("user", "Users of the node (operator)")->group(kGroup);
        user->require_subcommand(1);
        auto* made =
            add(*user, "new", "Make a user; shows its 24 words once", [this] { return user_new; });
        made->add_option("name", user_new.name, "1 to 64 of A-Z a-z 0-9 . _ -")->required();
        made->add_option("--role", user_new.role, "member or operator")
            ->capture_default_str()
            ->check(CLI::IsMember(std::vector<std::string>{"member", "operator"}));
        made->add_option("--password-file", user_new.password_file,
                         "Read the password's line from FILE; - is standard input");
        add(*user, "list", "List the users", [] { return cli::UserList{}; });
        auto* removed =
            add(*user, "remove", "Remove a user and its key", [this] { return user_remove; });
        removed->add_option("name", user_remove.name, "The user")->required();
    }
    void add_money(CLI::App& app) {
        auto* told = add(app, "balance", "Balance of an account; your own by default",
                         [this] { return balance; });
        told->add_option("account", balance.account, "An address, or a name");
        auto* sent = add(app, "send", "Send coins", [this] { return send; });
        sent->add_option("recipient", send.recipient, "An address, or a name")->required();
        sent->add_option("amount", send.amount, "Coins, at most 8 decimals")->required();
        sent->add_option("--fee", send.fee, "Coins for the miner [0]");
        sent->add_option("--memo", send.memo, "A text that everyone can read");
        sent->add_option("--from", send.from, "The sender, on chains with names");
        auto* mined = add(app, "mine", "Mine blocks now", [this] { return mine; });
        mined->add_option("--count", mine.count, "How many")
            ->capture_default_str()
            ->check(CLI::Range(1, 1000));
        mined->add_option("--to", mine.to, "The account that is paid [you]");
        auto* one = add(app, "tx", "Show a transaction", [this] { return tx; });
        one->add_option("id", tx.id, "64 hex digits")->required();
        add(app, "pool", "List what waits for a block", [] { return cli::Pool{}; });
    }
    void add_chain(CLI::App& app) {
        add(app, "status", "How the node is", [] { return cli::Status{}; });
        // `cairn chain new` makes a chain; `cairn chain` alone shows the node's.
        auto* list = app.get_subcommand("chain");
        list->group(kGroup)->description(
            "List the blocks of the node's chain; `chain new` makes a chain of your own");
        list->require_subcommand(0, 1);
        add(list, "chain", [this] { return chain; });
        list->add_option("--limit", chain.limit, "How many; 0 is all")->capture_default_str();
        list->add_option("--from", chain.from,
                         "The first one's index [so that the newest are shown]");
        auto* one = add(app, "block", "Show a block", [this] { return block; });
        one->add_option("block", block.which, "Its index, or its hash")->required();
        auto* values =
            add(app, "inv", "List the hashes and transactions a node has", [this] { return inv; });
        values->add_option("--from", inv.from, "The first one, counted from 1");
        values->add_option("--limit", inv.limit, "How many");
        auto* again = add(app, "restart", "Take the chain back to genesis (operator)",
                          [this] { return restart; });
        again->add_flag("--yes", restart.yes, "Do not ask");
        auto* follow = add(app, "watch", "Follow the node: a line for each new block",
                           [this] { return watch; });
        follow->add_option("--every", watch.every_s, "Seconds between two looks")
            ->capture_default_str()
            ->check(CLI::Range(0.05, 86'400.0));
        follow->add_option("--count", watch.count, "Lines after which it ends");
    }
    void add_network(CLI::App& app) {
        auto* list =
            add(app, "nodes", "List peers and registered nodes", [] { return cli::Nodes{}; });
        list->require_subcommand(0, 1);
        auto* removed = add(*list, "remove", "Forget a registered node (operator)",
                            [this] { return nodes_remove; });
        removed->add_option("address", nodes_remove.address, "HOST:PORT")->required();
        auto* registered = add(app, "register", "Make other nodes known to this one (operator)",
                               [this] { return nodes; });
        registered->add_option("addresses", nodes.addresses, "HOST:PORT, one or more")->required();
        add(app, "resolve", "Take over the registered nodes' chain if it has more work",
            [] { return cli::Resolve{}; });
        add(app, "getblocks", "Ask every registered node what it has",
            [] { return cli::GetBlocks{}; });
    }
};

ClientCommands::ClientCommands(CLI::App& app) : words_{std::make_unique<Words>()} {
    app.footer(kExitCodes);
    words_->add_chain(app);
    words_->add_money(app);
    words_->add_users(app);
    words_->add_network(app);
}

ClientCommands::~ClientCommands() = default;

std::optional<RunClient> ClientCommands::chosen() const {
    for (const auto& known : words_->all) {
        if (!known.app->parsed() || !known.app->get_subcommands().empty()) continue;
        cli::Options options = words_->options;
        for (const CLI::Option* timeout : words_->timeouts)
            if (timeout->count() > 0) options.timeout_s = words_->timeout_s;
        options.node = or_environment(options.node, "CAIRN_NODE");
        options.authorities = from_home(or_environment(options.authorities, "CAIRN_CA"));
        options.datadir = from_home(or_environment(options.datadir, "CAIRN_DATADIR"));
        return RunClient{std::move(options), known.words, known.command()};
    }
    return std::nullopt;
}

}  // namespace cairn
