#include "app/usage_error.hpp"

#include <optional>
#include <string_view>

#include "app/help_text.hpp"
#include "app/nearest_word.hpp"

namespace cairn {
namespace {

using Path = std::vector<const CLI::App*>;

/// The program, the command that was chosen, and its own.
Path chosen_path(const CLI::App& app) {
    Path path{&app};
    for (auto chosen = app.get_subcommands(); !chosen.empty();) {
        path.push_back(chosen.back());
        chosen = path.back()->get_subcommands();
    }
    return path;
}

bool is_option(std::string_view word) { return word.size() > 1 && word[0] == '-' && word != "--"; }

/// "--fee=1" and "-fee" as "fee".
std::string bare_name(std::string_view word) {
    word = word.substr(0, word.find('='));
    const auto begin = word.find_first_not_of('-');
    return std::string{begin == std::string_view::npos ? "" : word.substr(begin)};
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options({}))
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    return names;
}

const CLI::Option* find_option(const CLI::App& app, const std::string& name) {
    for (const CLI::Option* option : app.get_options({}))
        if (option->get_name() == name) return option;
    return nullptr;
}

/// The first command below `app` that has the option.
const CLI::App* owner_of_option(const CLI::App& app, const std::string& name) {
    for (const CLI::App* command : app.get_subcommands({})) {
        if (find_option(*command, name) != nullptr) return command;
        if (const auto* below = owner_of_option(*command, name)) return below;
    }
    return nullptr;
}

std::string see(const CLI::App& app, const std::string& what) {
    return " (" + words_of(app) + " --help " + what + ")";
}

std::string unknown_option(const Path& path, const CLI::App& level, const std::string& word) {
    const std::string name = "--" + bare_name(word);
    const CLI::App& chosen = *path.back();
    const CLI::App* owner =
        find_option(chosen, name) != nullptr ? &chosen : owner_of_option(level, name);
    if (owner != nullptr && owner != &level)
        return "\"" + name + "\" belongs after its command, as in " + words_of(*owner) + " " +
               name + see(*owner, "lists its options");
    // The names are compared without their dashes, of which everyone has some.
    std::string meant;
    std::vector<std::string> bare;
    for (const std::string& known : option_names(chosen)) bare.push_back(bare_name(known));
    if (const auto nearest = nearest_word(bare_name(word), bare))
        meant = "; did you mean \"--" + *nearest + "\"?";
    return words_of(chosen) + " has no option \"" + word.substr(0, word.find('=')) + "\"" + meant +
           see(chosen, chosen.get_parent() == nullptr ? "lists the commands" : "lists its options");
}

std::string unexpected_word(const CLI::App& level, const std::string& word) {
    const auto commands = command_names(level);
    if (commands.empty())
        return "\"" + word + "\" is one word too many: " + usage_of(level, words_of(level)) +
               see(level, "tells more");
    const bool whole = level.get_parent() == nullptr;
    const std::string before = whole ? "" : level.get_name() + " ";
    std::string meant;
    if (const auto nearest = nearest_word(word, commands))
        meant = "; did you mean \"" + before + *nearest + "\"?";
    else if (!whole)
        meant = "; after " + level.get_name() + " may come " + one_of_these(commands);
    return "there is no command \"" + before + word + "\"" + meant +
           see(level, "lists the commands");
}

std::string missing_command(const CLI::App& app) {
    if (app.get_parent() == nullptr)
        return "a command is missing, such as cairn node or cairn status" +
               see(app, "lists the commands");
    return "after " + words_of(app) + " must come " + one_of_these(command_names(app)) +
           see(app, "tells more");
}

/// The option that an error of CLI11 begins with: "--count: 1 required …", "amount is required".
const CLI::Option* option_of(const CLI::App& app, std::string_view error) {
    for (const CLI::Option* option : app.get_options({})) {
        const std::string name = option->get_name();
        if (error.starts_with(name) && error.size() > name.size() &&
            (error[name.size()] == ':' || error[name.size()] == ' '))
            return option;
    }
    return nullptr;
}

std::string of_option(const CLI::App& app, const CLI::Option& option, const CLI::ParseError& error,
                      const std::vector<FoundSetting>& found) {
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr)
        return placeholder_of(option) + " is missing: " + usage_of(app, words_of(app)) +
               see(app, "tells more");
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
        return placeholder_of(option) + " needs a value, as in " + words_of(app) + " " +
               placeholder_of(option) + " " + option.get_option_text() +
               see(app, "lists its options");
    std::string where = placeholder_of(option);
    for (const FoundSetting& setting : found)
        if ("--" + setting.name == option.get_name()) where = setting.where;
    const std::string_view told = error.what();
    return where + std::string{told.substr(option.get_name().size())} +
           see(app, "lists its options");
}

}  // namespace

std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error,
                           const std::vector<FoundSetting>& found) {
    const Path path = chosen_path(app);
    const CLI::App& chosen = *path.back();
    // A word that is unknown explains what else is wrong: its value stands where none belongs.
    for (const CLI::App* level : path)
        for (const std::string& word : level->remaining())
            if (is_option(word)) return unknown_option(path, *level, word);
    if (const auto* option = option_of(chosen, error.what());
        option != nullptr && dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr)
        return of_option(chosen, *option, error, found);
    for (const CLI::App* level : path)
        for (const std::string& word : level->remaining())
            if (word != "--") return unexpected_word(*level, word);
    if (chosen.get_require_subcommand_min() > 0 && chosen.get_subcommands().empty())
        return missing_command(chosen);
    return error.what() + see(chosen, "tells more");
}

}  // namespace cairn
