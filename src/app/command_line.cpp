#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>

#include "app/config_file.hpp"
#include "app/help_text.hpp"
#include "app/option_values.hpp"
#include "app/usage_error.hpp"

namespace cairn {
namespace {

constexpr const char* kRunGroup = "Run a node and work on its files";
constexpr std::uint32_t kAny32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kAny63 = std::numeric_limits<std::int64_t>::max();  // as TOML has them

constexpr const char* kNodeFooter =
    "Each option may also stand in the environment (--mine-every as CAIRN_MINE_EVERY) or, without "
    "its dashes, in the file of --config (mine-every = 10). The command line is stronger than the "
    "environment, and the environment is stronger than the file.";
constexpr const char* kToolFooter =
    "Stop the node first. Each option may also stand in the environment, such as CAIRN_DATADIR.";

/// Adds options under one heading of --help.
class Options {
public:
    Options(CLI::App& app, const char* heading) : app_{app}, heading_{heading} {}

    /// `value` is what --help calls the option's value.
    template <class T>
    CLI::Option* add(const char* flag, const char* value, T& target, const char* help) const {
        auto* option = app_.add_option(flag, target, help)->option_text(value)->group(heading_);
        // A flag said twice means its last; this is also how the command line overrules the file.
        if constexpr (!std::is_same_v<T, std::vector<std::string>>)
            option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->capture_default_str();
        return option->type_name("");
    }
    void flag(const char* flag, bool& target, const char* help) const {
        app_.add_flag(flag, target, help)->transform(true_or_false())->group(heading_);
    }

private:
    CLI::App& app_;
    const char* heading_;
};

void add_places(const Options& options, std::string& chain, std::string& datadir) {
    options.add("--chain", "CHAIN", chain,
                "The chain: main, steady, dev, or the TOML file of a chain of your own.");
    options.add("--datadir", "FOLDER", datadir,
                "The node's folder, with its chain, users and backups. Default: ~/.cairn/CHAIN.");
}

void add_interface(const Options& options, NodeSettings& settings) {
    options.add("--http", "ADDRESS:PORT", settings.http,
                "The address to listen on. Port 0 takes any port that is free.");
    options
        .add("--auth", "WORD", settings.auth,
             "Whether callers log in. Without this option they do, except on a loopback address of "
             "a chain with names, such as dev. Beyond loopback the node refuses off.")
        ->transform(one_of({"on", "off"}));
    options.flag("--plain-login", settings.plain_login,
                 "Let other machines log in over plain HTTP, which shows their passwords to the "
                 "network between.");
    options.add("--host", "NAME", settings.hosts,
                "A host name or IP address by which clients may call this node. Repeatable.");
    options.add("--cors", "ORIGIN", settings.cors,
                "A web origin, such as https://wallet.example, that may call this node. "
                "Repeatable.");
    options.add("--trusted-proxy", "ADDRESS", settings.trusted_proxies,
                "A proxy, as an IP address or a CIDR range, that the node believes when it says "
                "for whom it asks. Repeatable.");
}

void add_peers(const Options& options, NodeSettings& settings) {
    options
        .add("--gossip", "WORD", settings.gossip,
             "Whether the node dials other nodes and passes on blocks and transfers by itself.")
        ->transform(one_of({"on", "off"}));
    options.add("--connect", "HOST:PORT", settings.connect,
                "A node to stay connected with. Repeatable.");
    options.add("--allow-node", "KEY", settings.allow_nodes,
                "The key, 64 hex digits, of a node that may connect. Without this option every "
                "node may. Refused beyond loopback. Repeatable.");
}

void add_mining(const Options& options, NodeSettings& settings) {
    options.flag("--mine", settings.mine, "Mine in the background.");
    options.add("--mine-to", "ACCOUNT", settings.mine_to,
                "The address (or name) that background mining pays. Default: the user operator.");
    options
        .add("--mine-every", "SECONDS", settings.mine_every,
             "The mean time between two blocks of --mine on a chain of fixed difficulty.")
        ->transform(number(0, 1e6));
    options.add("--mine-on", "WHEN", settings.mine_on,
                "When a chain with names, such as dev, mines: at a request (/mine), at each "
                "transfer, or that many seconds after each block. Other chains take --mine. "
                "One of request, transfer, or seconds from 0.001 to 1000000.");
    options
        .add("--mine-timeout", "SECONDS", settings.mine_timeout,
             "The time after which a request for /mine gives up.")
        ->transform(whole_number(1, 86'400));
    options.add("--threads", "NUMBER", settings.threads, "How many threads mine; 0 is one a core.")
        ->transform(whole_number(0, 1024));
}

void add_limits(const Options& options, NodeSettings& settings) {
    options
        .add("--memory-mib", "MIB", settings.memory_mib,
             "The memory of the whole process in MiB. The node refuses what does not fit.")
        ->transform(whole_number(1, 1'048'576));
    options
        .add("--pool-mib", "MIB", settings.pool_mib,
             "The part of --memory-mib for transfers that wait for a block.")
        ->transform(whole_number(1, 1'048'576));
    options.add("--min-fee-rate", "COINS", settings.min_fee_rate,
                "The least fee that a transfer must pay for 1,000 bytes.");
}

CLI::App* add_node(CLI::App& app, NodeSettings& settings, std::string& config) {
    auto* node = app.add_subcommand("node", "Run a node.")->group(kRunGroup);
    node->footer(kNodeFooter);
    const Options files{*node, "Chain and files"};
    add_places(files, settings.chain, settings.datadir);
    files
        .add("--store", "WORD", settings.store,
             "Where the node keeps the chain. With memory it forgets the chain when it ends.")
        ->transform(one_of({"rocksdb", "memory"}));
    files.add("--config", "FILE", config, "A TOML file of these options.");
    add_interface({*node, "HTTP interface"}, settings);
    add_peers({*node, "Other nodes"}, settings);
    add_mining({*node, "Mining"}, settings);
    add_limits({*node, "Limits"}, settings);
    const Options log{*node, "Log"};
    log.add("--log-level", "WORD", settings.log_level, "The least level that the log shows.")
        ->transform(one_of({"debug", "info", "warn", "error"}));
    log.add("--log-format", "WORD", settings.log_format, "How a line of the log is written.")
        ->transform(one_of({"text", "json"}));
    return node;
}

CLI::App* add_tool(CLI::App& app, const std::string& name, const std::string& help,
                   ToolSettings& settings, const std::string& file_help) {
    auto* tool = app.add_subcommand(name, help)->group(kRunGroup);
    tool->footer(kToolFooter);
    add_places({*tool, "Options"}, settings.chain, settings.datadir);
    if (!file_help.empty())
        tool->add_option("file", settings.file, file_help)->type_name("")->required();
    return tool;
}

CLI::App* add_new_chain(CLI::App& app, NewChainSettings& settings) {
    auto* chain = app.add_subcommand("chain", "")->require_subcommand(1);
    auto* made = chain->add_subcommand("new", "Write the TOML file of a chain of your own.");
    made->group(kRunGroup)->footer("`cairn node --chain FILE` runs a node on the new chain.");
    made->add_option("file", settings.file, "The file to write.")->type_name("")->required();
    const Options options{*made, "Options"};
    options.add("--name", "NAME", settings.name, "The chain's name.")->required();
    options.add("--prefix", "LETTERS", settings.prefix, "How its addresses begin.")->required();
    options
        .add("--mode", "WORD", settings.mode,
             "The difficulty: fixed, or following the times of the blocks (asert).")
        ->transform(one_of({"fixed", "asert"}));
    options.add("--bits", "HEX", settings.bits,
                "The compact target, 8 hex digits: of every block, or the easiest one of asert.");
    made->add_option("--genesis-time", settings.genesis_time,
                     "When the chain begins, in Unix seconds. Default: now.")
        ->option_text("SECONDS")
        ->type_name("")
        ->transform(whole_number(0, kAny32));
    const auto number_of = [&](const char* flag, const char* value, auto& target, const char* help,
                               std::uint64_t most) {
        options.add(flag, value, target, help)->transform(whole_number(0, most));
    };
    number_of("--spacing", "SECONDS", settings.spacing, "The time between blocks, asert only.",
              kAny32);
    number_of("--half-life", "SECONDS", settings.half_life,
              "How late blocks must be for asert to halve the difficulty.", kAny32);
    options.add("--subsidy", "COINS", settings.subsidy, "What the first blocks pay their miners.");
    number_of("--halving-interval", "BLOCKS", settings.halving,
              "After how many blocks the subsidy is halved.", kAny63);
    number_of("--max-block", "BYTES", settings.max_block, "The size of the largest block.", kAny32);
    number_of("--max-data", "BYTES", settings.max_data, "The most data that a transfer may carry.",
              kAny32);
    options.add("--opening", "COINS", settings.opening, "What each new account is given.");
    number_of("--future-limit", "SECONDS", settings.future_limit,
              "How far a block may be ahead of the clock; 0 is any time.", kAny32);
    options.flag("--names", settings.names,
                 "Names stand for addresses. This is for learning: anyone can sign for a name.");
    options.add("--allocate", "ADDRESS=COINS", settings.allocations,
                "Coins that an address has from the beginning. Repeatable.");
    return made;
}

CLI::App* add_demo(CLI::App& app, DemoSettings& settings) {
    auto* demo = app.add_subcommand("demo", "Run three nodes of a dev chain that mine and send.");
    demo->group(kRunGroup)->footer(
        "Each option may also stand in the environment, such as CAIRN_PORT.");
    const Options options{*demo, "Options"};
    options
        .add("--port", "PORT", settings.port,
             "The port of the first node. The others take the next ones. 0 takes any.")
        ->transform(whole_number(0, 65'535));
    options
        .add("--block-every", "SECONDS", settings.block_every, "The mean time between two blocks.")
        ->transform(number(0.1, 3'600));
    options
        .add("--transfer-every", "SECONDS", settings.transfer_every,
             "The mean time between two transfers.")
        ->transform(number(0.01, 3'600));
    options
        .add("--seconds", "SECONDS", settings.seconds,
             "How long the demo runs. 0 runs it until Ctrl-C.")
        ->transform(number(0, 1e6));
    return demo;
}

/// What `cairn COMMAND` may be told by the environment and by files.
std::vector<std::string> setting_names(const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options({}))
        for (const std::string& name : option->get_lnames())
            if (name != "help" && name != "config") names.push_back(name);
    return names;
}

/// The file of `--config` or CAIRN_CONFIG, looked for before anything is parsed.
std::string config_path(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--config" && i + 1 < words.size()) return words[i + 1];
        if (words[i].starts_with("--config=")) return words[i].substr(9);
    }
    const char* set = std::getenv("CAIRN_CONFIG");  // NOLINT(concurrency-mt-unsafe)
    return set != nullptr ? set : "";
}

/// Whether the command line says a setting itself. Then what stands elsewhere is overruled, the
/// whole of a list as well.
bool is_said(const std::vector<std::string>& words, const FoundSetting& setting) {
    const std::string flag = "--" + setting.name;
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return word == flag || word.starts_with(flag + "=");
    });
}

/// The settings of `command` that nobody typed: those of the environment, and of a node's file
/// those that the environment does not have.
Result<std::vector<FoundSetting>, std::string> settings_elsewhere(
    const CLI::App& command, const std::vector<std::string>& words) {
    const auto names = setting_names(command);
    auto found = settings_of_environment(names);
    if (command.get_name() == "node") {
        if (const std::string path = config_path(words); !path.empty()) {
            auto of_file = settings_of_config(path, names);
            if (!of_file) return fail(std::move(of_file.error()));
            const std::size_t environment = found.size();
            for (FoundSetting& setting : *of_file)
                if (std::none_of(found.begin(),
                                 found.begin() + static_cast<std::ptrdiff_t>(environment),
                                 [&](const auto& known) { return known.name == setting.name; }))
                    found.push_back(std::move(setting));
        }
    }
    std::erase_if(found, [&](const FoundSetting& setting) { return is_said(words, setting); });
    return found;
}

int refuse_words(const std::string& sentence) {
    std::cerr << "cairn: " << sentence << "\n";
    return 2;
}

}  // namespace

std::string version_text() { return "cairn " CAIRN_VERSION; }

Invocation parse_command_line(const std::vector<std::string>& given) {
    CLI::App app{"Cairn is a proof-of-work blockchain node with an HTTP/JSON interface.", "cairn"};
    app.formatter(std::make_shared<HelpText>());
    app.set_help_flag("-h,--help", "Show this help; after a command, the help of that command.");
    app.set_version_flag("--version", version_text(), "Show the version.");
    app.require_subcommand(1);
    NodeSettings node_settings;
    ToolSettings tool_settings;
    NewChainSettings chain_settings;
    DemoSettings demo_settings;
    std::string config;
    auto* node = add_node(app, node_settings, config);
    auto* demo = add_demo(app, demo_settings);
    auto* verify = add_tool(app, "verify", "Check a node's whole chain and accounts again.",
                            tool_settings, "");
    auto* exported = add_tool(app, "export", "Write the best chain to a file.", tool_settings,
                              "The file to write; - is standard output.");
    auto* imported = add_tool(app, "import", "Read a chain from a file.", tool_settings,
                              "The file to read; - is standard input.");
    auto* made = add_new_chain(app, chain_settings);
    const ClientCommands client{app};

    std::vector<std::string> words = given;
    std::vector<FoundSetting> found;
    for (const CLI::App* command : {node, demo, verify, exported, imported}) {
        if (words.empty() || words[0] != command->get_name()) continue;
        auto elsewhere = settings_elsewhere(*command, given);
        if (!elsewhere) return Exit{refuse_words(elsewhere.error())};
        found = std::move(*elsewhere);
        std::vector<std::string> more;
        for (const FoundSetting& setting : found)
            more.push_back("--" + setting.name + "=" + setting.value);
        words.insert(words.begin() + 1, more.begin(), more.end());
        break;
    }
    try {
        std::reverse(words.begin(), words.end());  // as CLI11 takes them
        app.parse(words);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return Exit{app.exit(error)};
        return Exit{refuse_words(usage_sentence(app, error, found))};
    }
    if (node->parsed()) return RunNode{std::move(node_settings)};
    if (verify->parsed()) return RunVerify{std::move(tool_settings)};
    if (exported->parsed()) return RunExport{std::move(tool_settings)};
    if (imported->parsed()) return RunImport{std::move(tool_settings)};
    if (demo->parsed()) return RunDemo{demo_settings};
    if (made->parsed()) return RunNewChain{std::move(chain_settings)};
    if (auto chosen = client.chosen()) return std::move(*chosen);
    return Exit{2};
}

}  // namespace cairn
