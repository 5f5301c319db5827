# Completion of execrole in PowerShell: see "execrole help completion".

Register-ArgumentCompleter -Native -CommandName 'execrole', 'execrole.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words before the one at the cursor, which ends there, and those behind it. An empty word needs quotes, because
    # PowerShell passes none otherwise.
    $before = @(); $after = @(); $current = '""'
    foreach ($element in $commandAst.CommandElements) {
        $extent = $element.Extent
        if ($extent.EndOffset -lt $cursorPosition) { $before += $extent.Text }
        elseif ($extent.StartOffset -ge $cursorPosition) { $after += $extent.Text }
        else { $current = $extent.Text.Substring(0, $cursorPosition - $extent.StartOffset) }
    }
    $words = @($before) + $current + @($after)
    $program = $commandAst.GetCommandName()
    $answer = @(& $program completion powershell -- $before.Count @words 2>$null)
    if ($answer.Count -eq 0) { return }

    # Without a result, PowerShell completes names of files by itself.
    $header = $answer[0].Split("`t")
    foreach ($line in $answer | Select-Object -Skip 1) {
        $word, $about = $line.Split("`t")
        if (-not $about) { $about = $word }
        $text = $word
        if ($word -match '[^\w\-=./:*@]') { $text = "'" + $word.Replace("'", "''") + "'" }
        [System.Management.Automation.CompletionResult]::new($text, $word, 'ParameterValue', $about)
    }
    if ($header[0] -eq 'files' -and $header[2]) {
        $part = $wordToComplete.Substring($header[2].Length)
        foreach ($file in [System.Management.Automation.CompletionCompleters]::CompleteFilename($part)) {
            [System.Management.Automation.CompletionResult]::new(
                $header[2] + $file.CompletionText, $file.ListItemText, 'ProviderItem', $file.ToolTip)
        }
    }
}
