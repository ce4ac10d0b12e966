#include "app/client_commands.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "app/help_text.hpp"
#include "app/option_values.hpp"
#include "os/home.hpp"

namespace cairn {
namespace {

constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
constexpr const char* kLookGroup = "Look at a node and its chain";
constexpr const char* kMoneyGroup = "Mine and send";
constexpr const char* kUsersGroup = "Log in, and manage users";
constexpr const char* kNodesGroup = "Work with other nodes";

constexpr const char* kExitCodes =
    "`cairn COMMAND --help` tells more about one command. docs/cli.md shows every command.\n"
    "Exit status:\n"
    "  0  done\n"
    "  1  the node refused\n"
    "  2  the command line is wrong\n"
    "  3  the node cannot be reached\n"
    "  4  a log-in is needed, or was refused";
constexpr const char* kSeeAlso =
    "See `cairn --help` for the options of every command, such as --node and --json.";

// The same three variables for all of these commands, so that they are read here.
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
        app->footer(kSeeAlso);
        const auto option = [&](const char* flag, const char* value, auto& target,
                                const char* help) {
            return app->add_option(flag, target, help)
                ->option_text(value)
                ->type_name("")
                ->group(kSharedOptions)
                ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        };
        option("--node", "URL", options.node,
               "The node's address, such as 127.0.0.1:5001 or https://node.example. Without it: "
               "CAIRN_NODE, else 127.0.0.1:5000.");
        option("--datadir", "FOLDER", options.datadir,
               "The node's folder, where operator.password is. Without it: CAIRN_DATADIR, else "
               "each folder in ~/.cairn.");
        option("--ca", "FILE", options.authorities,
               "A PEM file of the certificates that vouch for an https node. Without it: "
               "CAIRN_CA, else those of the system.");
        timeouts.push_back(option("--timeout", "SECONDS", timeout_s,
                                  "How long the node may stay silent. Without it: 120, and any "
                                  "time for mine.")
                               ->transform(whole_number(1, 86'400)));
        app->add_flag("--json", options.json, "Print the node's answer unchanged.")
            ->transform(true_or_false())
            ->group(kSharedOptions);
        all.push_back({app, std::move(words), std::move(command)});
        return app;
    }
    /// A subcommand of its own.
    CLI::App* add(CLI::App& parent, const char* group, const std::string& name,
                  const std::string& help, std::function<cli::Command()> command) {
        auto* app = parent.add_subcommand(name, help)->group(group);
        const std::string words =
            parent.get_parent() == nullptr ? name : parent.get_name() + " " + name;
        return add(app, words, std::move(command));
    }
    template <class T>
    static CLI::Option* option(CLI::App& app, const char* flag, const char* value, T& target,
                               const char* help) {
        return app.add_option(flag, target, help)->option_text(value)->type_name("");
    }
    template <class T>
    static CLI::Option* argument(CLI::App& app, const char* name, T& target, const char* help) {
        return app.add_option(name, target, help)->type_name("");
    }
    static void add_password_file(CLI::App& app, std::string& file) {
        option(app, "--password-file", "FILE", file,
               "Read the password from the first line of FILE; - is standard input. Without it, "
               "the command asks.");
    }

    void add_users(CLI::App& app) {
        auto* in = add(app, kUsersGroup, "login", "Log in, for the commands that follow.",
                       [this] { return login; });
        argument(*in, "name", login.name, "The user.")->capture_default_str();
        add_password_file(*in, login.password_file);
        add(app, kUsersGroup, "logout", "Log out.", [] { return cli::Logout{}; });
        auto* user = app.add_subcommand("user", "Manage the users of a node. Operators only.");
        user->group(kUsersGroup)->require_subcommand(1)->footer(kSeeAlso);
        auto* made = add(*user, kUsersGroup, "new",
                         "Make a user, and show once the 24 words that restore its key. "
                         "Operators only.",
                         [this] { return user_new; });
        argument(*made, "name", user_new.name, "1 to 64 letters, digits, dots, hyphens or _.")
            ->required();
        option(*made, "--role", "WORD", user_new.role, "What the user may do.")
            ->capture_default_str()
            ->transform(one_of({"member", "operator"}));
        add_password_file(*made, user_new.password_file);
        add(*user, kUsersGroup, "list", "List the users. Operators only.",
            [] { return cli::UserList{}; });
        auto* removed =
            add(*user, kUsersGroup, "remove", "Remove a user and its key. Operators only.",
                [this] { return user_remove; });
        argument(*removed, "name", user_remove.name, "The user.")->required();
    }
    void add_money(CLI::App& app) {
        auto* mined = add(app, kMoneyGroup, "mine", "Mine blocks now.", [this] { return mine; });
        option(*mined, "--count", "NUMBER", mine.count, "How many blocks.")
            ->capture_default_str()
            ->transform(whole_number(1, 1000));
        option(*mined, "--to", "ACCOUNT", mine.to, "The account that is paid. Default: yours.");
        auto* sent = add(app, kMoneyGroup, "send", "Send coins.", [this] { return send; });
        argument(*sent, "recipient", send.recipient, "The address or name that gets the coins.")
            ->required();
        argument(*sent, "amount", send.amount, "How many coins, with at most 8 decimals.")
            ->required();
        option(*sent, "--fee", "COINS", send.fee, "What the miner gets. Default: 0.");
        option(*sent, "--memo", "TEXT", send.memo, "A text that everyone can read.");
        option(*sent, "--from", "NAME", send.from, "The sender, on chains with names.");
    }
    void add_chain(CLI::App& app) {
        add(app, kLookGroup, "status", "Show how the node is.", [] { return cli::Status{}; });
        // `cairn chain new` makes a chain; `cairn chain` alone shows the node's.
        auto* list = app.get_subcommand("chain");
        list->group(kLookGroup)
            ->description("List the blocks of the node's chain, the newest last.");
        list->require_subcommand(0, 1);
        add(list, "chain", [this] { return chain; });
        option(*list, "--limit", "NUMBER", chain.limit, "How many blocks; 0 is all.")
            ->capture_default_str()
            ->transform(whole_number(0, kAny));
        option(*list, "--from", "INDEX", chain.from,
               "The first block. Without it, the list ends with the newest.")
            ->transform(whole_number(0, kAny));
        auto* one = add(app, kLookGroup, "block", "Show a block and its transactions.",
                        [this] { return block; });
        argument(*one, "block", block.which, "The block's index or hash.")->required();
        auto* found = add(app, kLookGroup, "tx", "Show a transaction, and where it stands.",
                          [this] { return tx; });
        argument(*found, "id", tx.id, "The transaction's id, 64 hex digits.")->required();
        add(app, kLookGroup, "pool", "List the transactions that wait for a block.",
            [] { return cli::Pool{}; });
        auto* told = add(app, kLookGroup, "balance", "Show an account. Without a name, show yours.",
                         [this] { return balance; });
        argument(*told, "account", balance.account, "An address or a name.");
        auto* values = add(app, kLookGroup, "inv", "List the blocks and transactions the node has.",
                           [this] { return inv; });
        option(*values, "--from", "NUMBER", inv.from, "The first line, counted from 1.")
            ->transform(whole_number(0, kAny));
        option(*values, "--limit", "NUMBER", inv.limit, "How many lines. Default: all.")
            ->transform(whole_number(0, kAny));
        auto* follow = add(app, kLookGroup, "watch", "Follow the node: show each new block.",
                           [this] { return watch; });
        option(*follow, "--every", "SECONDS", watch.every_s, "The time between two looks.")
            ->capture_default_str()
            ->transform(number(0.05, 86'400));
        option(*follow, "--count", "NUMBER", watch.count,
               "End after so many lines. Default: end at Ctrl-C.")
            ->transform(whole_number(0, kAny));
        auto* again = add(app, kLookGroup, "restart",
                          "Take the chain back to genesis; a backup stays. Operators only.",
                          [this] { return restart; });
        again->add_flag("--yes", restart.yes, "Do not ask.")->transform(true_or_false());
    }
    void add_network(CLI::App& app) {
        auto* list = add(app, kNodesGroup, "nodes", "List the peers and the registered nodes.",
                         [] { return cli::Nodes{}; });
        list->require_subcommand(0, 1);
        auto* removed =
            add(*list, kNodesGroup, "remove", "Forget a registered node. Operators only.",
                [this] { return nodes_remove; });
        argument(*removed, "address", nodes_remove.address, "The node, as HOST:PORT.")->required();
        auto* registered = add(app, kNodesGroup, "register",
                               "Register other nodes. Operators only.", [this] { return nodes; });
        argument(*registered, "addresses", nodes.addresses, "The nodes, each as HOST:PORT.")
            ->required();
        add(app, kNodesGroup, "resolve", "Take over a registered node's chain if it has more work.",
            [] { return cli::Resolve{}; });
        add(app, kNodesGroup, "getblocks", "Ask every registered node what it has.",
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
